//go:build nest

package launch_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/service"
)

// groupCase is what root of a container makes of the group for commands.
type groupCase struct {
	script string
	group  string // of the command; empty if it may be refused, or frozen once it runs
}

// runs executes a command.
func (c groupCase) runs(t *testing.T, s service.Supervisor) error {
	t.Helper()
	if c.group != "" {
		got, err := execute(t, s, sh("cat /proc/self/cgroup"), "")
		if err == nil && (got.exit != ended(0) || !strings.Contains(got.out, c.group)) {
			err = fmt.Errorf("%+v, want %s", got, c.group)
		}
		return err
	}
	x, err := s.Exec(limited(t), sh("sleep 1000"), nil)
	if err != nil {
		return err
	}
	for _, f := range x.Ends() {
		_ = f.Close()
	}
	if err := x.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-x.Over()
	return x.Forget()
}

// TestExecGroups: whatever root of a container makes of the group for commands, a command runs, or is refused at once,
// and no process of ours stays in the group with descriptors of the supervisor.
func TestExecGroups(t *testing.T) {
	mounted, err := cgroup.MountPoint()
	if err != nil {
		t.Fatal(err)
	}
	const group = "/sys/fs/cgroup/berth-exec"
	for name, c := range map[string]groupCase{
		"frozen":               {"mkdir $g; echo 1 > $g/cgroup.freeze", "0::/berth-exec\n"},
		"frozen with one":      {"mkdir $g; sleep 1000 & echo $! > $g/cgroup.procs; echo 1 > $g/cgroup.freeze", "0::/berth-exec\n"},
		"threads":              {"mkdir $g; echo threaded > $g/cgroup.type", "0::/berth-exec\n"},
		"threads of a sibling": {"mkdir /sys/fs/cgroup/t; echo threaded > /sys/fs/cgroup/t/cgroup.type", "0::/\n"},
		"groups below":         {"mkdir -p $g/a/b", "0::/berth-exec\n"},
		"removed":              {"while :; do rmdir $g 2> /dev/null; done &", ""},
		"frozen and thawed":    {"mkdir $g; while :; do echo 1 > $g/cgroup.freeze; echo 0 > $g/cgroup.freeze; done 2> /dev/null &", ""},
		"frozen again":         {"mkdir $g; while :; do echo 1 > $g/cgroup.freeze; done 2> /dev/null &", ""},
	} {
		for kind, elements := range kinds() {
			if kind == "restricted" {
				continue
			}
			t.Run(name+", "+kind, func(t *testing.T) {
				b := newBoxWith(t, "g="+group+"\n"+c.script+"\necho ready; exec sleep 1000", elements)
				s := b.run(t)
				t.Cleanup(func() { // the box removes its own
					for _, below := range []string{"berth-exec/a/b", "berth-exec/a", "t"} {
						_ = os.Remove(mounted + "/" + b.group + "/payload/" + below)
					}
				})
				b.says(t, "ready")
				if _, err := s.Exec(limited(t), service.Command{Argv: []string{"/missing"}}, nil); err == nil { // it may be the first to wait
					t.Fatal("a command that is missing")
				}
				before := kept(t, s)
				runs := 0
				for range 10 {
					err := c.runs(t, s) // one that is not refused at once is told of a limit, which is another error
					switch {
					case err == nil:
						runs++
					case c.group != "":
						t.Fatal(err)
					case !strings.Contains(err.Error(), "the container is suspended") && !strings.Contains(err.Error(), "no process can be created"):
						t.Errorf("refused: %v", err)
					}
				}
				t.Logf("%d of 10 were executed", runs)
				settled(t, func() error {
					if after := kept(t, s); after != before {
						return fmt.Errorf("before %s, after %s", before, after)
					}
					return nil
				})
			})
		}
	}
}
