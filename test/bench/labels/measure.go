package labels

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/berthd/berth/internal/relabel"
)

// Options say what is measured.
type Options struct {
	Dir     string   // a new directory for the tree and Berth's journal
	Files   int      // of the tree
	Rounds  int      // of each way
	Labels  []string // two that the kernel takes, so that each round changes all labels
	Restore bool     // SELinux is enabled: restorecon is there, and its policy has a label for Dir
}

// Way is one way to label a tree, with the figures of its rounds.
type Way struct {
	Name   string
	Wall   []time.Duration
	CPU    []time.Duration
	Memory int64 // bytes, the most of all rounds; 0 for a command: the kernel counts what it was forked from too

	args  []string // of a command, the tree last
	child string   // or the task of a child of this program
}

// Median is the middle one of some times.
func Median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}

// Measure labels a tree again and again in all ways, one after the other in each round.
func Measure(ctx context.Context, o Options) ([]*Way, error) {
	tree := filepath.Join(o.Dir, "tree")
	if err := Tree(tree, o.Files); err != nil {
		return nil, err
	}
	ways := []*Way{
		{Name: "berth, relabel", child: taskRelabel},
		{Name: "berth, restore", child: taskRestore},
		{Name: "chcon -R", args: []string{"chcon", "-R", ""}},
	}
	if o.Restore {
		ways = append(ways, &Way{Name: "restorecon -R -F", args: []string{"restorecon", "-R", "-F"}})
	}
	for n := range o.Rounds + 1 {
		label := o.Labels[n%2]
		for _, w := range ways {
			// The label that chcon left is the files' own in the next round.
			if err := w.run(ctx, o, tree, label, n > 0); err != nil {
				return nil, fmt.Errorf("%s: %w", w.Name, err)
			}
		}
	}
	return ways, nil
}

// run runs a way once. The first round only warms the caches.
func (w *Way) run(ctx context.Context, o Options, tree, label string, counts bool) error {
	var cmd *exec.Cmd
	if w.child != "" {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		cmd = exec.CommandContext(ctx, self)
		cmd.Env = append(os.Environ(), childTask+"="+strings.Join([]string{w.child, o.Dir, tree, label + "9"}, "\n"))
	} else {
		args := slices.Clone(w.args)
		if args[len(args)-1] == "" {
			args[len(args)-1] = label
		}
		cmd = exec.CommandContext(ctx, args[0], append(args[1:], tree)...)
	}
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(begin)
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	if !counts {
		return nil
	}
	w.Wall = append(w.Wall, took)
	w.CPU = append(w.CPU, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	if w.child != "" {
		var peak int64
		if _, err := fmt.Sscan(string(out), &peak); err != nil {
			return fmt.Errorf("%q: %w", out, err)
		}
		w.Memory = max(w.Memory, peak)
	}
	return nil
}

// The tasks of a child.
const (
	childTask   = "BERTH_BENCH_LABELS"
	taskRelabel = "relabel"
	taskRestore = "restore"
)

// Child does what a process was started for by Measure, and writes to w how many bytes of memory it had at most. It
// returns false if it was started for something else.
func Child(ctx context.Context, w io.Writer) (bool, error) {
	task := strings.Split(os.Getenv(childTask), "\n")
	if len(task) != 4 {
		return false, nil
	}
	r, err := relabel.New(filepath.Join(task[1], "journals"), relabel.SELinux, relabel.NewLooks())
	if err != nil {
		return true, err
	}
	if task[0] == taskRelabel {
		_, err = r.Relabel(ctx, "bench", []relabel.Tree{{Path: task[2], Label: task[3]}}, nil, nil)
	} else {
		_, err = r.Restore(ctx, "bench", nil)
	}
	peak, perr := memory()
	fmt.Fprintln(w, peak)
	return true, errors.Join(err, perr, r.Close())
}

// memory is the most memory that this process has had, in bytes.
func memory() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), "\nVmHWM:")
	var kilobytes int64
	_, err = fmt.Sscan(rest, &kilobytes)
	return kilobytes << 10, err
}

// Print writes the figures as a table.
func Print(w io.Writer, o Options, ways []*Way) error {
	fmt.Fprintf(w, "Labels of a tree of %d files, median of %d rounds\n\n", o.Files, o.Rounds)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\twall\tprocessors\tmemory\t")
	for _, way := range ways {
		memory := "-"
		if way.Memory > 0 {
			memory = fmt.Sprintf("%.1f MiB", float64(way.Memory)/(1<<20))
		}
		fmt.Fprintf(table, "%s\t%.1f ms\t%.1f ms\t%s\t\n", way.Name,
			float64(Median(way.Wall).Microseconds())/1e3, float64(Median(way.CPU).Microseconds())/1e3, memory)
	}
	return table.Flush()
}
