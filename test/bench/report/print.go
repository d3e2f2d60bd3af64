package report

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/berthd/berth/test/bench/stats"
)

// Print writes all tables and the list of targets.
func (r *Report) Print(w io.Writer) error {
	if err := r.printMachine(w); err != nil {
		return err
	}
	all := []table{
		r.peerTable(),
		r.startTable("Start, warm: the call to init's first instruction, right after another start (ms)", r.Warm),
		r.startTable("Start, cold: the same after 400 ms of quiet (ms)", r.Cold),
		r.startTable("Start 12 ms after the stop of another container (ms)", r.After12),
		r.startTable("Start 30 ms after the stop of another container (ms)", r.After30),
		r.seriesTable("Restart: the call of the stop to the first instruction of the same container's init (ms)", r.Restart, Ours),
		r.stopTable(),
		r.execTable("Exec of a command, call to exit status: the second in a container, right after the first (ms). berth is a call on an open bus connection; berthctl, nsenter, lxc and the others are a program's whole run", r.Exec, Ours),
		r.execTable("Exec of /bin/true in a container with systemd, call to exit status: the second of two right after each other (ms)", r.Inside, OursInSystemd),
		r.answerTable(),
		r.seriesTable(fmt.Sprintf("All figures of %d running containers, by all calls that it takes (ms)", r.FiguresOf), r.Figures, Ours,
			column{"daemon's cpu time", func(s Series) []float64 { return s.Used }}),
		r.manyTable(),
		r.memoryTable(),
	}
	for _, p := range slices.Concat(r.Profiles, r.Traces) {
		all = append(all, p.table())
	}
	all = append(all, r.virshTables()...)
	for _, t := range append(all, targetTable(append(r.targets(), r.virshTargets()...))) {
		if err := t.write(w); err != nil {
			return err
		}
	}
	return nil
}

func (r *Report) printMachine(w io.Writer) error {
	m := r.Machine
	_, err := fmt.Fprintf(w, "%d cores (%s), Linux %s, systemd %s, load %s before, %s after\n",
		m.Cores, m.CPU, m.Kernel, m.Systemd, m.Before, m.After)
	return err
}

func (r *Report) peerTable() table {
	t := table{title: "Peers", head: []string{"peer", "version", "measured"}, left: 3}
	for _, p := range r.Peers {
		said := p.Note
		if p.Problem != "" {
			said = "NOT MEASURED TO THE END: " + p.Problem
		}
		t.rows = append(t.rows, []string{p.Name, p.Version, said})
	}
	return t
}

func (r *Report) startTable(title string, all []Series) table {
	return r.seriesTable(title, all, Ours, column{"call returns p50", func(s Series) []float64 { return s.Returned }})
}

func (r *Report) stopTable() table {
	return r.seriesTable("Stop of a container that has run for 60 ms or more: the call to its return (ms)", r.Stop, Ours)
}

func (r *Report) execTable(title string, all []Series, ours string) table {
	return r.seriesTable(title, all, ours, column{"first p50", func(s Series) []float64 { return s.First }})
}

func (r *Report) answerTable() table {
	return r.seriesTable("Start by a connection to a passed socket: connect to first byte (ms)", r.Answer, "")
}

// column is one more column of a table of series: the median of other samples.
type column struct {
	head    string
	samples func(Series) []float64
}

// seriesTable returns a table with a row for each peer. ours is the peer that the others are compared with; it may be
// empty. They are compared with the floor too, if it is among them.
func (r *Report) seriesTable(title string, all []Series, ours string, more ...column) table {
	t := table{title: title, left: 1, head: []string{"peer", "runs", "p10", "p50", "p90"}}
	for _, each := range more {
		t.head = append(t.head, each.head)
	}
	if ours != "" {
		t.head = append(t.head, "to "+ours)
	}
	floor := median(all, Floor)
	if !math.IsNaN(floor) {
		t.head = append(t.head, "to floor")
	}
	for _, s := range all {
		sum := stats.Summarize(s.Samples)
		row := []string{s.Peer, fmt.Sprint(sum.Runs), number(sum.P10, 2), number(sum.P50, 2), number(sum.P90, 2)}
		for _, each := range more {
			row = append(row, number(stats.Median(each.samples(s)), 2))
		}
		if ours != "" {
			row = append(row, times(stats.Ratio(sum.P50, median(all, ours))))
		}
		if !math.IsNaN(floor) {
			row = append(row, times(stats.Ratio(sum.P50, floor)))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

func (r *Report) manyTable() table {
	t := table{
		title: "Many containers: until the last one's init runs; start of the first and the last tenth (ms); stop of all with 8 callers", left: 1,
		head: []string{"peer", "containers", "callers", "start s", "starts/s", "time to berth", "stop s", "start+stop/s", "first p50", "last p50"},
	}
	if _, ok := r.many(Floor, 8); ok {
		t.head = append(t.head, "to floor")
	}
	for _, m := range r.Many {
		base, _ := r.many(Ours, m.Callers)
		row := []string{
			m.Peer, fmt.Sprint(m.Count), fmt.Sprint(m.Callers), number(m.Start/1000, 2), number(m.Rate(), 1),
			times(stats.Ratio(m.Start, base.Start)), number(m.Stop/1000, 2),
			number(m.Whole(), 1), milliseconds(m.First), milliseconds(m.Last),
		}
		if len(t.head) > len(row) {
			floor, _ := r.many(Floor, m.Callers)
			row = append(row, times(stats.Ratio(m.Whole(), floor.Whole())))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// milliseconds returns a time, or a dash for one that was not measured.
func milliseconds(v float64) string {
	if v == 0 {
		v = math.NaN()
	}
	return number(v, 2)
}

func (r *Report) memoryTable() table {
	t := table{
		title: "Memory, medians over the processes of a program (KiB)", left: 3,
		head: []string{"peer", "when", "program", "processes", "RSS", "PSS", "private dirty", "private clean"},
	}
	for _, m := range r.Memory {
		p := m.Process
		t.rows = append(t.rows, []string{
			m.Peer, m.Moment, p.Program, fmt.Sprint(p.Count),
			number(p.RSS, 0), number(p.PSS, 0), number(p.PrivateDirty, 0), number(p.PrivateClean, 0),
		})
	}
	return t
}

func (p Profile) table() table {
	t := table{
		title: p.Title + " (ms after the call)", left: 1,
		head: []string{"seen", "runs", "p10", "p50", "p90"},
	}
	for _, m := range p.Marks {
		sum := stats.Summarize(m.Samples)
		t.rows = append(t.rows, []string{
			m.What, fmt.Sprint(sum.Runs), number(sum.P10, 2), number(sum.P50, 2), number(sum.P90, 2),
		})
	}
	return t
}
