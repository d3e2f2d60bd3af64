//go:build nest

package launch_test

import (
	"context"
	"errors"
	"fmt"
	"net"
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
		"interpreter is missing": {func(b *box) { b.plan.Init.Path = "/lost" }, "exec", "/lost", syscall.ENOENT},
		"working directory":      {func(b *box) { b.plan.Init.Dir = "/missing" }, "session", "/missing", syscall.ENOENT},
		"unknown user":           {func(b *box) { b.plan.Init.User = "nobody-such" }, "identity", "nobody-such", nil},
		"root is missing":        {func(b *box) { b.plan.Sources[0].Path = "/missing" }, "sources", "/missing", syscall.ENOENT},
		"root is a file":         {func(b *box) { b.plan.Sources[0].Path = filepath.Join(b.root, "text") }, "sources", "text", syscall.ENOTDIR},
		"device exists":          {func(b *box) { b.plan.Devices = append(b.plan.Devices, b.plan.Devices[0]) }, "devices", "/dev/null", syscall.EEXIST},
		"unknown file system":    {func(b *box) { b.plan.Mounts[0].Type = "nonesuch" }, "mounts", "nonesuch", syscall.ENODEV},
		"unknown mount option":   {option, "mounts", "Unknown parameter 'nonesuch'", syscall.EINVAL},
		"mount point in the way": {func(b *box) { b.plan.Mounts[0].Target = "/text" }, "mounts", "/text", syscall.ENOTDIR},
		"no place for its group": {func(b *box) { b.plan.Group.Target = "/text" }, "cgroup", "/text", syscall.ENOTDIR},
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
					err = s.Continue(limited(t))
				}
				if err == nil {
					t.Fatal("it started")
				}
				over(t, s)
				var failed *wire.Failed
				if !errors.As(err, &failed) || !errors.As(s.Failure(), &failed) {
					t.Fatalf("the cause was lost: %v, %v", err, s.Failure())
				}
				if failed.Stage != tc.stage || !strings.Contains(failed.Text, tc.text) || tc.err != nil && !errors.Is(err, tc.err) {
					t.Errorf("got %q, want %s … %s: %v", err, tc.stage, tc.text, tc.err)
				}
				if end := s.End(); end.Known {
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
	if err := b.scope.AwaitEmpty(limited(t)); err != nil && !errors.Is(err, os.ErrNotExist) {
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
			settled(t, func() error { // Born
				if s.Leader() == 0 {
					return errors.New("init was not born")
				}
				return nil
			})
			leader := s.Leader()
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			over(t, s)
			gone(t, leader)
			if _, err := os.Stat(filepath.Join(b.runDir, wire.ExitFile)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("it left an exit status: %v", err)
			}
			if _, found, err := b.supervisors.Attach(limited(t), b.runDir); found || err != nil {
				t.Errorf("attach: %v, %v", found, err)
			}
			b.empty(t)
		})
	}
}

// TestInterruptedStart: a start that is ended from outside has failed, and no container has run.
func TestInterruptedStart(t *testing.T) {
	initStage := func(s service.Supervisor) error { return syscall.Kill(int(s.Leader()), syscall.SIGKILL) }
	systemd := func(s service.Supervisor) error { return syscall.Kill(int(s.PID()), syscall.SIGTERM) }
	for name, tc := range map[string]struct {
		act  func(service.Supervisor) error
		want string
	}{
		"the init stage is killed": {initStage, "the init stage ended without a word"},
		"the supervisor is killed": {service.Supervisor.Kill, "the supervisor ended unexpectedly"},
		"it is told to end":        {service.Supervisor.Terminate, "told to end"},
		"systemd tells it to end":  {systemd, "told to end"},
	} {
		for when, placed := range map[string]bool{"before the group": false, "before the exec": true} {
			t.Run(name+", "+when, func(t *testing.T) {
				want := tc.want
				if name == "systemd tells it to end" && !placed {
					want = "end" // it may not listen yet
				}
				b := newBox(t, "echo it lives; exec sleep 1000")
				s := b.spawn(t)
				if placed {
					if err := s.Place(limited(t), b.scope.File()); err != nil {
						t.Fatal(err)
					}
				}
				settled(t, func() error {
					if s.Leader() == 0 {
						return errors.New("init was not born")
					}
					return nil
				})
				leader := s.Leader()
				if err := tc.act(s); err != nil {
					t.Fatal(err)
				}
				over(t, s)
				err := s.Continue(limited(t))
				if err == nil || !strings.Contains(err.Error(), want) || s.End().Known {
					t.Errorf("continue: %v, end %+v; want %q", err, s.End(), want)
				}
				gone(t, leader)
				b.empty(t)
			})
		}
	}
}

// TestAttach: a missing or dead socket means that the supervisor is gone. One that nobody answers
// at does not.
func TestAttach(t *testing.T) {
	b := newBox(t, "exit 0")
	if s, found, err := b.supervisors.Attach(limited(t), t.TempDir()); found || err != nil {
		t.Errorf("to a directory without a socket: %v, %v, %v", s, found, err)
	}
	dir := t.TempDir()
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Net: "unixpacket", Name: filepath.Join(dir, wire.SocketFile)})
	if err != nil {
		t.Fatal(err)
	}
	// Nobody answers, which says nothing of the container: it must not be taken for ended.
	ctx, cancel := context.WithTimeout(limited(t), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, found, err := b.supervisors.Attach(ctx, dir); found || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("to a supervisor that is stuck: %v, %v", found, err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("to give up took %v", took)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	if _, found, err := b.supervisors.Attach(limited(t), dir); found || err != nil {
		t.Errorf("to a socket whose owner is gone: %v, %v", found, err)
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
	if s, err := b.supervisors.Spawn(t.Context(), "box", b.runDir, b.plan, nil); err == nil || !strings.Contains(err.Error(), "plan: ") {
		t.Errorf("too large a plan: %v, %v", s, err)
	}
}

// TestManySources: a message that names too many sources is refused, by the supervisor's bound and
// by the kernel's.
func TestManySources(t *testing.T) {
	for name, tc := range map[string]struct {
		bytes int
		want  string
	}{
		"more than a message may have": {wire.MaxPacket, "larger than its limit"},
		"more than a socket takes":     {4 * wire.MaxPacket, syscall.EMSGSIZE.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(t, "exit 0")
			for range tc.bytes / len(b.root) {
				b.plan.Sources = append(b.plan.Sources, b.plan.Sources[0])
			}
			s, err := b.supervisors.Spawn(t.Context(), "box", b.runDir, b.plan, nil)
			if err == nil {
				over(t, s)
				err = s.Failure()
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
