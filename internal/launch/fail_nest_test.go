//go:build nest

package launch_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// TestFailedStart: a start that fails tells its cause, whatever the daemon and the init stage are
// doing at that moment, and leaves no process.
func TestFailedStart(t *testing.T) {
	for name, tc := range map[string]struct {
		spoil func(b *box)
		stage string
		text  string
		err   error
	}{
		"init is missing":        {func(b *box) { b.plan.Init.Path = "/missing" }, "init", "/missing", syscall.ENOENT},
		"init is a directory":    {func(b *box) { b.plan.Init.Path = "/bin" }, "init", "/bin", syscall.EACCES},
		"init is no program":     {func(b *box) { b.plan.Init.Path = "/text" }, "init", "/text", syscall.EACCES},
		"init below a file":      {func(b *box) { b.plan.Init.Path = "/text/x" }, "init", "/text/x", syscall.ENOTDIR},
		"no interpreter named":   {func(b *box) { b.plan.Init.Path = "/naked" }, "exec", "/naked", syscall.ENOEXEC},
		"interpreter is missing": {func(b *box) { b.plan.Init.Path = "/lost" }, "exec", "/lost: its interpreter", syscall.ENOENT},
		"working directory":      {func(b *box) { b.plan.Init.Dir = "/missing" }, "session", "/missing", syscall.ENOENT},
		"unknown user":           {func(b *box) { b.plan.Init.User = "nobody-such" }, "identity", "nobody-such", nil},
		"root is missing":        {func(b *box) { b.plan.Sources[0].Path = "/missing" }, "sources", "/missing", syscall.ENOENT},
		"root is a file":         {func(b *box) { b.plan.Sources[0].Path = filepath.Join(b.root, "text") }, "sources", "text", syscall.ENOTDIR},
		"device exists":          {func(b *box) { b.plan.Devices = append(b.plan.Devices, b.plan.Devices[0]) }, "devices", "/dev/null", syscall.EEXIST},
		"unknown file system":    {func(b *box) { b.plan.Mounts[0].Type = "nonesuch" }, "mounts", "nonesuch", syscall.ENODEV},
		"unknown mount option":   {option, "mounts", "Unknown parameter 'nonesuch'", syscall.EINVAL},
		"mount point in the way": {func(b *box) { b.plan.Mounts[0].Target = "/text" }, "mounts", "/text", syscall.ENOTDIR},
		"no place for its group": {func(b *box) { b.plan.Cgroup.Target = "/text" }, "cgroup", "/text", syscall.ENOTDIR},
		"too many arguments":     {func(b *box) { b.plan.Init.Args = make([]string, 1<<18) }, "exec", "/init", syscall.E2BIG},
	} {
		// When the daemon goes on: at once, in the middle of it all, and when all is over.
		for when, pause := range map[string]time.Duration{"at once": 0, "soon": 2 * time.Millisecond, "late": -1} {
			t.Run(name+", "+when, func(t *testing.T) {
				b := newBox(t, "exit 0")
				b.write(t, "naked", "echo no interpreter\n")
				b.write(t, "lost", "#!/bin/missing\n")
				b.write(t, "text", "text")
				if err := os.Chmod(filepath.Join(b.root, "text"), 0o644); err != nil {
					t.Fatal(err)
				}
				tc.spoil(b)
				s := b.spawn(t)
				if pause >= 0 {
					time.Sleep(pause)
				} else if tc.stage != "exec" && tc.stage != "cgroup" {
					over(t, s)
				}
				err := s.Place(limited(t), b.scope.File())
				if err == nil {
					_, err = s.Continue(limited(t))
				}
				if err == nil {
					t.Fatal("it started")
				}
				end := over(t, s)
				var failed *wire.Failed
				if !errors.As(err, &failed) || !errors.As(s.Failure(), &failed) {
					t.Fatalf("the cause was lost: %v, %v", err, s.Failure())
				}
				if failed.Stage != tc.stage || !strings.Contains(failed.Text, tc.text) || tc.err != nil && !errors.Is(err, tc.err) {
					t.Errorf("got %q, want %s … %s: %v", err, tc.stage, tc.text, tc.err)
				}
				if end.Known {
					t.Errorf("it is said to have ended: %+v", end)
				}
				b.empty(t)
			})
		}
	}
}

func option(b *box) {
	b.plan.Mounts = append(b.plan.Mounts, plan.Mount{
		Kind: plan.MountNew, Target: "/tmp", Type: "tmpfs", Options: []plan.Option{{Key: "nonesuch", Value: "1"}},
	})
}

// empty checks that no process is left in the scope.
func (b *box) empty(t *testing.T) {
	t.Helper()
	if err := b.scope.AwaitEnd(limited(t)); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestDaemonLeaves: a daemon that dies in the middle of a start leaves nothing behind.
func TestDaemonLeaves(t *testing.T) {
	for name, placed := range map[string]bool{"before the group": false, "before the exec": true} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, "echo it lives; exec sleep 1000")
			s := b.spawn(t)
			if placed {
				if err := s.Place(limited(t), b.scope.File()); err != nil {
					t.Fatal(err)
				}
			}
			leader := born(t, s)
			leave(t, s)
			over(t, s)
			b.nothing(t, leader)
		})
	}
}

// nothing checks that a start which was given up has left nothing.
func (b *box) nothing(t *testing.T, leader uint32) {
	t.Helper()
	gone(t, leader)
	if _, err := os.Stat(filepath.Join(b.runDir, wire.ExitFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it left an exit status: %v", err)
	}
	if s, presence, err := b.supervisors.Attach(limited(t), b.runDir); s != nil || presence != service.Gone || err != nil {
		t.Errorf("attach: %v, %v", presence, err)
	}
	if found, ok, err := b.supervisors.Find(b.runDir); ok || err != nil {
		t.Errorf("find: %+v, %v", found, err)
	}
	b.empty(t)
}

// TestHangUp: a supervisor whose start is given up ends init and itself, and takes that for no failure of its own.
func TestHangUp(t *testing.T) {
	for name, tc := range map[string]struct{ born, placed bool }{
		"at once":          {false, false},
		"before the group": {true, false},
		"before the exec":  {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, "echo it lives; exec sleep 1000")
			s := b.spawn(t)
			if tc.born {
				born(t, s)
			}
			if tc.placed {
				if err := s.Place(limited(t), b.scope.File()); err != nil {
					t.Fatal(err)
				}
			}
			s.HangUp()
			if end := over(t, s); end.Known || s.Failure() != nil {
				t.Errorf("it ended with %+v, %v", end, s.Failure())
			}
			b.nothing(t, s.Leader())
			if _, err := s.Continue(limited(t)); err == nil {
				t.Error("it goes on")
			}
			s.HangUp() // nobody hears it
			if err := s.Failure(); err != nil {
				t.Errorf("after its end: %v", err)
			}
		})
	}
}

// TestHangUpAfterAFailure: what a supervisor said of a failure before it was hung up on is heard. One that is
// hung up on at the same time says that failure or none.
func TestHangUpAfterAFailure(t *testing.T) {
	for i := range 40 {
		b := newBox(t, "exit 0")
		b.plan.Init.Path = "/missing"
		s := b.spawn(t)
		said := i%2 == 0
		if said {
			if err := s.Place(limited(t), b.scope.File()); err == nil {
				_, err = s.Continue(limited(t))
				if err == nil {
					t.Fatal("it started")
				}
			}
		} else {
			time.Sleep(time.Duration(i) * 500 * time.Microsecond)
		}
		s.HangUp()
		over(t, s)
		err := s.Failure()
		if said && err == nil || err != nil && (!errors.Is(err, syscall.ENOENT) || !strings.Contains(err.Error(), "/missing")) {
			t.Errorf("%d: the cause is %v", i, err)
		}
		b.empty(t)
	}
}

// TestInterruptedStart: a start that is ended from outside has failed, and no container has run.
func TestInterruptedStart(t *testing.T) {
	initStage := func(s service.Starting) error { return syscall.Kill(int(s.Leader()), syscall.SIGKILL) }
	systemd := func(s service.Starting) error { return syscall.Kill(int(s.PID()), syscall.SIGTERM) }
	for name, tc := range map[string]struct {
		act  func(service.Starting) error
		want string
	}{
		"the init stage is killed": {initStage, "the init stage ended unexpectedly"},
		"the supervisor is killed": {service.Starting.Kill, "the supervisor ended unexpectedly"},
		"systemd tells it to end":  {systemd, "systemd stopped the scope before init was executed"},
	} {
		for when, placed := range map[string]bool{"before the group": false, "before the exec": true} {
			t.Run(name+", "+when, func(t *testing.T) {
				b := newBox(t, "echo it lives; exec sleep 1000")
				s := b.spawn(t)
				if placed {
					if err := s.Place(limited(t), b.scope.File()); err != nil {
						t.Fatal(err)
					}
				}
				leader := born(t, s)
				if err := tc.act(s); err != nil {
					t.Fatal(err)
				}
				end := over(t, s)
				_, err := s.Continue(limited(t))
				if err == nil || end.Known {
					t.Fatalf("continue: %v, end %+v", err, end)
				}
				deaf := name == "systemd tells it to end" && !placed && strings.Contains(err.Error(), "ended unexpectedly")
				if !strings.Contains(err.Error(), tc.want) && !deaf { // it may not listen yet
					t.Errorf("continue: %v, want %q", err, tc.want)
				}
				gone(t, leader)
				b.empty(t)
			})
		}
	}
}

// TestLargePlan: a plan larger than a packet arrives whole. One beyond its bound is refused before
// anything is begun.
func TestLargePlan(t *testing.T) {
	b := newBox(t, "")
	b.plan.Init.Path, b.plan.Init.Args = "/bin/sleep", []string{"sleep", "1000"}
	for i := range 3000 {
		b.plan.Init.Env = append(b.plan.Init.Env, fmt.Sprintf("V%d=%s", i, strings.Repeat("x", 100)))
	}
	if size := len(b.plan.Pack()); size <= wire.MaxPacket {
		t.Fatalf("the plan has %d bytes, no more than a packet", size)
	}
	s := b.run(t)
	env, err := os.ReadFile("/proc/" + number(s.Leader()) + "/environ")
	if want := strings.Join(b.plan.Init.Env, "\x00") + "\x00"; err != nil || string(env) != want {
		t.Errorf("init has %d bytes of environment, %v; want %d", len(env), err, len(want))
	}
	b = newBox(t, "exit 0")
	b.plan.Init.Env = []string{strings.Repeat("x", wire.MaxPlan)}
	if s, err := b.order(t); err == nil || !strings.Contains(err.Error(), "plan: ") {
		t.Errorf("too large a plan: %v, %v", s, err)
	}
}

// TestManySources: a container has as many sources as its definition has room for, however long their paths
// are.
func TestManySources(t *testing.T) {
	for name, bytes := range map[string]int{"more than a message may have": 2 * wire.MaxPacket, "more than a socket takes": 4 * wire.MaxPacket} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, "exec sleep 1000")
			n := bytes / len(b.root)
			for range n {
				b.plan.Sources = append(b.plan.Sources, b.plan.Sources[0])
			}
			s := b.run(t)
			if s.Leader() == 0 {
				t.Errorf("a container with %d sources has no init", n)
			}
		})
	}
}
