package report

import (
	"fmt"
	"math"

	"github.com/berthd/berth/test/bench/stats"
)

// target is one figure that Berth should reach.
type target struct {
	name     string
	measured float64
	limit    float64
	above    bool // the figure should be at least the limit, and otherwise at most
	format   func(float64) string
}

// Verdicts of a target.
const (
	met         = "met"
	missed      = "MISSED"
	notMeasured = "not measured"
)

func (t target) verdict() string {
	reached := t.measured <= t.limit
	if t.above {
		reached = t.measured >= t.limit
	}
	switch {
	case math.IsNaN(t.measured):
		return notMeasured
	case reached:
		return met
	}
	return missed
}

// targets returns Berth's promises about speed and size. They are only printed, never tested: a figure
// depends on the machine and on its other load.
func (r *Report) targets() []target {
	unit := func(decimals int, unit string) func(float64) string {
		return func(v float64) string {
			if math.IsNaN(v) {
				return number(v, decimals)
			}
			return number(v, decimals) + unit
		}
	}
	ms, rate, kib := unit(2, " ms"), unit(1, "/s"), unit(0, " KiB")
	over := func(v float64) string {
		if text := ms(v); v < 0 || math.IsNaN(v) {
			return text
		}
		return "+" + ms(v)
	}
	warm, cold, stop, exec := median(r.Warm, Ours), median(r.Cold, Ours), median(r.Stop, Ours), median(r.Exec, Ours)
	inside := median(r.Inside, OursInSystemd)
	against := func(all []Series, value float64, peer string) float64 {
		return stats.Ratio(value, median(all, peer))
	}
	return []target{
		{name: "warm start p50", measured: warm, limit: 10, format: ms},
		{
			name:     "warm start p50 with a user namespace, over one without",
			measured: median(r.Warm, WithUserNamespace) - warm, limit: 0.6, format: over,
		},
		{
			name:     "warm start p50 with a veth on a bridge, over one without",
			measured: median(r.Warm, WithVeth) - warm, limit: 4, format: over,
		},
		{name: "warm start p50, of nspawn's", measured: against(r.Warm, warm, "nspawn"), limit: 1.0 / 5, format: times},
		{name: "warm start p50, of libvirt's", measured: against(r.Warm, warm, "libvirt"), limit: 1.0 / 6, format: times},
		{name: "warm start p50, of the floor's", measured: against(r.Warm, warm, Floor), limit: 1.25, format: times},
		{name: "warm start p50, of crun's, which registers nothing", measured: against(r.Warm, warm, "crun"), limit: 1, format: times},
		{name: "warm start p50, of lxc's, which registers nothing", measured: against(r.Warm, warm, "lxc"), limit: 1, format: times},
		{name: "cold start p50, of the floor's", measured: against(r.Cold, cold, Floor), limit: 1.05, format: times},
		{name: "cold start p50, of nspawn's", measured: against(r.Cold, cold, "nspawn"), limit: 1.0 / 2, format: times},
		{name: "cold start p50, of libvirt's", measured: against(r.Cold, cold, "libvirt"), limit: 1.0 / 2, format: times},
		{
			name:     "cold start p50 with favordynmods, of its warm one",
			measured: against(r.Warm, median(r.Cold, WithDynMods), WithDynMods), limit: 1.5, format: times,
		},
		{name: "destroy of a settled container p50", measured: stop, limit: 6, format: ms},
		{name: "destroy p50 with a veth on a bridge, over one without", measured: median(r.Stop, WithVeth) - stop, limit: 2, format: over},
		{name: "destroy p50, of the floor's", measured: against(r.Stop, stop, Floor), limit: 1.25, format: times},
		{name: "exec p50", measured: exec, limit: 5, format: ms},
		{name: "exec p50 with a user namespace", measured: median(r.Exec, WithUserNamespace), limit: 5, format: ms},
		{name: "exec p50, of lxc's", measured: against(r.Exec, exec, "lxc"), limit: 1.0 / 4, format: times},
		{name: "exec p50, of nsenter's", measured: against(r.Exec, exec, "nsenter"), limit: 1.0 / 4, format: times},
		{name: "exec p50, of crun's", measured: against(r.Exec, exec, "crun"), limit: 1.0 / 4, format: times},
		{name: "exec p50 by berthctl, a program as they are, of lxc's", measured: against(r.Exec, median(r.Exec, "berthctl"), "lxc"), limit: 1, format: times},
		{name: "exec p50 with systemd inside, of systemd-run -M's", measured: against(r.Inside, inside, SystemdRun), limit: 1.0 / 4, format: times},
		{name: "exec p50 with systemd inside, of machinectl shell's", measured: against(r.Inside, inside, MachinectlShell), limit: 1.0 / 4, format: times},
		{name: "all figures of all containers p50", measured: median(r.Figures, Ours), limit: 40, format: ms},
		{name: "all figures of all containers, cpu time of berthd", measured: cpu(r.Figures, Ours), limit: 30, format: ms},
		{name: "look of berthctl top, cpu time of berthd", measured: cpu(r.Figures, TopLook), limit: 30, format: ms},
		{name: "starts one by one", measured: r.rate(1), limit: 80, above: true, format: rate},
		{name: "start of the last tenth of many, of the first tenth's", measured: r.spread(), limit: 1.1, format: times},
		{name: "starts by 8 callers", measured: r.rate(8), limit: 150, above: true, format: rate},
		{name: "starts and stops by 8 callers, of the floor's", measured: r.ofFloor(8), limit: 0.8, above: true, format: times},
		{name: "private memory of a supervisor, many running", measured: r.supervisor(), limit: 930, format: kib},
		{name: "RSS of an idle berthd", measured: r.idleDaemon(), limit: 25e6 / 1024, format: kib},
	}
}

func (r *Report) rate(callers int) float64 {
	if m, ok := r.many(Ours, callers); ok {
		return m.Rate()
	}
	return math.NaN()
}

// spread returns how much longer a start takes when many others run.
func (r *Report) spread() float64 {
	if m, ok := r.many(Ours, 1); ok && m.First > 0 {
		return stats.Ratio(m.Last, m.First)
	}
	return math.NaN()
}

// ofFloor returns the rate of starts and stops together, as a part of the floor's.
func (r *Report) ofFloor(callers int) float64 {
	ours, ok := r.many(Ours, callers)
	floor, also := r.many(Floor, callers)
	if !ok || !also {
		return math.NaN()
	}
	return stats.Ratio(ours.Whole(), floor.Whole())
}

// supervisor returns the memory that one more supervisor takes: all its pages that no other process
// shares.
func (r *Report) supervisor() float64 {
	for _, m := range r.Memory {
		if m.Process.Program == "berth-supervisor" && m.Running > 1 {
			return m.Process.PrivateDirty + m.Process.PrivateClean
		}
	}
	return math.NaN()
}

// idleDaemon returns the largest RSS of berthd while no container ran.
func (r *Report) idleDaemon() float64 {
	largest := math.NaN()
	for _, m := range r.Memory {
		if m.Process.Program == "berthd" && m.Running == 0 && !(m.Process.RSS <= largest) {
			largest = m.Process.RSS
		}
	}
	return largest
}

func targetTable(all []target) table {
	t := table{title: "Targets (read, never tested)", head: []string{"target", "", "limit", "measured"}, left: 2}
	for _, each := range all {
		relation := "at most"
		if each.above {
			relation = "at least"
		}
		t.rows = append(t.rows, []string{
			each.name, each.verdict(), fmt.Sprintf("%s %s", relation, each.format(each.limit)), each.format(each.measured),
		})
	}
	return t
}
