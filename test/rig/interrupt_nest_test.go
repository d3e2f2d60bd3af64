//go:build nest

package rig

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/test/rig/command"
)

// childEnv makes the test binary a test package that uses Main; see TestMainEnds.
const childEnv = "BERTH_RIG_CHILD"

func TestMain(m *testing.M) {
	command.HeedHangUps()
	switch {
	case os.Getenv(marker) != "":
		if err := os.WriteFile("/run/nest/out/inside", nil, 0o600); err != nil {
			os.Exit(1)
		}
		time.Sleep(time.Hour)
	case os.Getenv(childEnv) != "":
		os.Exit(Main(m, Options{}))
	}
	did, code, err := guarded()
	switch {
	case err != nil:
		fmt.Fprintf(os.Stderr, "rig: %v\n", err)
		os.Exit(max(code, 1))
	case did:
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// interruptions are the ways in which a run is ended from outside.
var interruptions = map[string]syscall.Signal{
	"Ctrl-C": syscall.SIGINT, "terminated": syscall.SIGTERM, "hung up": syscall.SIGHUP, "killed": syscall.SIGKILL,
}

// TestRunEnds: a run that is interrupted or killed while its command runs leaves nothing. newScript
// checks that.
func TestRunEnds(t *testing.T) {
	for name, signal := range interruptions {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			cmd := s.start(t, "sh", "-c", "touch /run/nest/out/inside; setsid sleep 1000 & sleep 1000")
			appears(t, s.state+"/run*/out/inside")
			end(t, cmd, signal)
		})
	}
}

// TestBootEnds: a run that is interrupted or killed while the nest boots leaves nothing.
func TestBootEnds(t *testing.T) {
	for name, signal := range interruptions {
		for _, stage := range []string{"lock", "cgroup", "init.pid"} {
			if signal == syscall.SIGKILL && stage == "lock" {
				continue // killed between making its control group and noting it: the next nest sweeps that
			}
			t.Run(name+" at "+stage, func(t *testing.T) {
				s := newScript(t)
				cmd := s.start(t, "sleep", "1000")
				appears(t, s.state+"/run*/"+stage)
				end(t, cmd, signal)
			})
		}
	}
}

// TestUntil: a nest ends with the process that it was told to end with, at every stage of its boot.
// newScript checks that nothing is left.
func TestUntil(t *testing.T) {
	for _, stage := range []string{"lock", "cgroup", "init.pid", "up"} {
		t.Run(stage, func(t *testing.T) {
			s := newScript(t)
			s.nest = fmt.Sprintf("until-%d", os.Getpid())
			*s.nests = append(*s.nests, s.nest)
			owner := exec.Command("sleep", "1000")
			if err := owner.Start(); err != nil {
				t.Fatal(err)
			}
			boot := s.command("up", "--until", strconv.Itoa(owner.Process.Pid), s.nest)
			if err := boot.Start(); err != nil {
				t.Fatal(err)
			}
			if stage == "up" {
				if err := boot.Wait(); err != nil {
					t.Fatal(err)
				}
				if got := s.output(t, "exec", s.nest, "systemctl", "is-system-running"); got != "running" {
					t.Errorf("while its owner lives, the nest is %s", got)
				}
			} else {
				appears(t, filepath.Join(s.state, s.nest, stage))
			}
			end(t, owner, syscall.SIGKILL)
			s.vanishes(t)
			if boot.ProcessState == nil {
				_ = boot.Wait() // it may have been quicker than the owner's end
			}
		})
	}
}

// TestPowerOff: a nest that powers itself off leaves nothing.
func TestPowerOff(t *testing.T) {
	s := newScript(t)
	s.up(t)
	s.output(t, "exec", s.nest, "systemctl", "--force", "--force", "poweroff")
	s.vanishes(t)
}

// vanishes waits until nothing of the nest is left, which nobody took down.
func (s script) vanishes(t *testing.T) {
	t.Helper()
	eventually(t, func() error {
		if exists(filepath.Join(s.state, s.nest)) {
			return errors.New("the nest is still there")
		}
		return nil
	})
}

// TestKeeperKilled: when the one process that removes a nest is killed, the nest's processes go at
// once and the rest with the next nest.
func TestKeeperKilled(t *testing.T) {
	s := newScript(t)
	s.up(t)
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(s.state, s.nest, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
	group := read("cgroup")
	keeper, err := strconv.Atoi(read("keeper.pid"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(keeper, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		events, err := os.ReadFile(filepath.Join(group, "cgroup.events"))
		if err == nil && !bytes.Contains(events, []byte("populated 0")) {
			err = syscall.EBUSY
		}
		return err
	})
	s.output(t, "down", s.nest)
	s.refused(t, "not up", "down", s.nest)
	s.output(t, "run", "true")
}

// TestMainEnds: a test package that is interrupted or killed, or whose parent is, leaves no nest.
func TestMainEnds(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, signal := range interruptions {
		t.Run(name, func(t *testing.T) { mainEnds(t, signal, signal == syscall.SIGKILL, self) })
	}
	t.Run("parent killed", func(t *testing.T) { mainEnds(t, syscall.SIGKILL, false, "sh", "-c", "'"+self+"' & wait") })
}

// mainEnds runs a command that runs this binary as such a package. Only one that is killed itself
// may leave the files that it prepared for the nest.
func mainEnds(t *testing.T, signal syscall.Signal, leavesFiles bool, command ...string) {
	before, err := observe()
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), childEnv+"=1", "TMPDIR="+tmp)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	inside := appears(t, tmp+"/berth-rig-*/state/run*/out/inside")
	dir := filepath.Dir(filepath.Dir(inside)) // the nest's own
	state := filepath.Dir(dir)
	end(t, cmd, signal)
	eventually(t, func() error {
		after, err := observe()
		if err != nil {
			return err
		}
		left := leftovers(before, after, state, filepath.Base(dir))
		if work := filepath.Dir(state); !leavesFiles && exists(work) {
			left = append(left, work)
		}
		if len(left) > 0 {
			return errors.New(strings.Join(left, "\n"))
		}
		return nil
	})
}

// end sends the signal; the process must end, and not with success.
func end(t *testing.T, cmd *exec.Cmd, signal syscall.Signal) {
	t.Helper()
	if err := cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the interrupted run says that it succeeded")
	}
}
