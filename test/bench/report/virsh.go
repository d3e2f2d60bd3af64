package report

import (
	"fmt"
	"io"
	"math"

	"github.com/berthd/berth/test/bench/stats"
)

// What follows the name of a peer in Virsh.Info.
const (
	Off  = ", off"     // the container does not run
	Runs = ", running" // it does
)

// Virsh is what clients of libvirt wait for. Floor is virsh --version, which asks nobody.
type Virsh struct {
	Containers int      `json:"containers"` // that are defined, of which one runs
	List       []Series `json:"list"`       // virsh list --all; Used has each list
	Info       []Series `json:"info"`       // calls of virDomainGetInfo; Used has the averages of batches
}

// PrintVirsh writes the tables and the targets of Virsh only.
func (r *Report) PrintVirsh(w io.Writer) error {
	if err := r.printMachine(w); err != nil {
		return err
	}
	for _, t := range append([]table{r.peerTable()}, append(r.virshTables(), targetTable(r.virshTargets()))...) {
		if err := t.write(w); err != nil {
			return err
		}
	}
	return nil
}

// virshTables returns no table if nothing was measured.
func (r *Report) virshTables() []table {
	v := r.Virsh
	if v == nil {
		return nil
	}
	list := r.seriesTable(fmt.Sprintf("virsh list --all of %d containers, the whole process; the floor is virsh --version (ms)", v.Containers),
		v.List, Ours, column{"daemon's cpu time", func(s Series) []float64 { return s.Used }},
		column{"virsh's cpu time", func(s Series) []float64 { return s.Client }})
	info := table{
		title: "Info of one container (virDomainGetInfo), one call on an open connection (us)", left: 1,
		head: []string{"peer", "calls", "p10", "p50", "p90", "daemon's cpu time"},
	}
	for _, s := range v.Info {
		sum := stats.Summarize(s.Samples)
		info.rows = append(info.rows, []string{
			s.Peer, fmt.Sprint(sum.Runs), micro(sum.P10), micro(sum.P50), micro(sum.P90), micro(stats.Median(s.Used)),
		})
	}
	return []table{list, info}
}

func micro(ms float64) string { return number(ms*1000, 1) }

func (r *Report) virshTargets() []target {
	us := func(ms float64) string {
		if math.IsNaN(ms) {
			return micro(ms)
		}
		return micro(ms) + " us"
	}
	var v Virsh
	if r.Virsh != nil {
		v = *r.Virsh
	}
	return []target{
		{
			name:     "virsh list --all of 1,000 p50, of libvirtd's",
			measured: stats.Ratio(median(v.List, Ours), median(v.List, "libvirt")), limit: 0.5, format: times,
		},
		{name: "info call of a container that is off, cpu time of berthd", measured: cpu(v.Info, Ours+Off), limit: 0.06, format: us},
		{name: "info call of a container that runs, cpu time of berthd", measured: cpu(v.Info, Ours+Runs), limit: 0.06, format: us},
	}
}

// cpu returns the median of what a peer's daemon used of processors for one call, in milliseconds.
func cpu(all []Series, peer string) float64 {
	for _, s := range all {
		if s.Peer == peer {
			return stats.Median(s.Used)
		}
	}
	return math.NaN()
}
