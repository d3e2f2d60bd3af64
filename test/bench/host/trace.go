package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/berthd/berth/test/bench/timeline"
)

const (
	tracefs = "/sys/kernel/tracing"
	// tracerPattern is the name of a tracer's instance, with the id of the benchmark's process.
	tracerPattern = "berth-bench-%d"
)

// traced returns the tracepoints of a Tracer. Together they show where a start is, whoever does it: processes,
// messages, control groups, namespaces and files.
func traced() []string {
	return strings.Fields(`
	sched/sched_process_fork sched/sched_process_exec sched/sched_process_exit cgroup/cgroup_attach_task
	syscalls/sys_exit_recvmsg syscalls/sys_enter_renameat syscalls/sys_enter_renameat2
	syscalls/sys_enter_rename syscalls/sys_enter_unlink syscalls/sys_enter_unlinkat cgroup/cgroup_rmdir
	syscalls/sys_exit_pivot_root syscalls/sys_exit_setns syscalls/sys_exit_unshare`)
}

// Tracer is an instance of the kernel's own tracing (tracefs). It sees all processes of a nest, and those that they
// create. The traced processes need no support, and nobody else is slowed down.
type Tracer struct{ dir string }

// Trace makes a tracer for a nest. It returns an error if the kernel has no tracing, or does not show it.
func (n *Nest) Trace() (*Tracer, error) {
	t := &Tracer{dir: filepath.Join(tracefs, "instances", fmt.Sprintf(tracerPattern, os.Getpid()))}
	if err := os.Mkdir(t.dir, 0o700); err != nil {
		return nil, fmt.Errorf("the kernel's tracing: %w", err)
	}
	threads, err := n.threads()
	if err == nil {
		err = t.set("trace_clock", "mono", "options/event-fork", "1", "options/record-tgid", "1", "set_event_pid", threads)
	}
	for _, each := range traced() {
		err = errors.Join(err, t.set("events/"+each+"/enable", "1"))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("the kernel's tracing: %w", err), t.Close())
	}
	return t, nil
}

// set writes values to files of the instance, given in pairs.
func (t *Tracer) set(pairs ...string) error {
	for i := 0; i < len(pairs); i += 2 {
		if err := os.WriteFile(filepath.Join(t.dir, pairs[i]), []byte(pairs[i+1]), 0); err != nil {
			return err
		}
	}
	return nil
}

// Clear forgets what was seen.
func (t *Tracer) Clear() error { return t.set("trace", "") }

// Events returns what was seen since Clear.
func (t *Tracer) Events() ([]timeline.Event, error) {
	text, err := os.ReadFile(filepath.Join(t.dir, "trace"))
	if err != nil {
		return nil, err
	}
	return timeline.Parse(string(text))
}

// Close removes the instance, and all its buffers.
func (t *Tracer) Close() error { return os.Remove(t.dir) }

// threads returns the ids of all threads in the nest.
func (n *Nest) threads() (string, error) {
	group, err := os.ReadFile(filepath.Join(n.state, n.name, "cgroup"))
	if err != nil {
		return "", err
	}
	var all strings.Builder
	err = filepath.WalkDir(strings.TrimSpace(string(group)), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		ids, err := os.ReadFile(filepath.Join(path, "cgroup.threads"))
		all.Write(ids)
		return err
	})
	return strings.ReplaceAll(all.String(), "\n", " "), err
}

// sweepTracers removes the instances of benchmarks that were killed.
func sweepTracers() error {
	all, err := filepath.Glob(filepath.Join(tracefs, "instances", strings.ReplaceAll(tracerPattern, "%d", "*")))
	if err != nil {
		return err
	}
	var errs []error
	for _, dir := range all {
		if abandoned(filepath.Base(dir), tracerPattern) {
			errs = append(errs, os.Remove(dir))
		}
	}
	return errors.Join(errs...)
}
