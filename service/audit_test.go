package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// byUser is the context of a call by uid 1000.
func byUser() context.Context {
	return WithCaller(context.Background(), Caller{Known: true, UID: 1000})
}

// TestAuditOfALife: each operation of a container's life has these records, with the caller of the operation. What
// changes nothing outside of berthd has none.
func TestAuditOfALife(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	ctx := byUser()
	u := define(t, s, "web")
	for _, step := range []struct {
		name string
		do   func() error
		want []string
	}{
		{"define", func() error { return nil }, nil},
		{"start", func() error { return s.Start(ctx, u) }, []string{
			"resources web def=true by=1000", "start web reason=booted supervisor=102 by=1000", "init web supervisor=102 leader=103 ns=4026530103 by=1000",
		}},
		{"start again", func() error { _ = s.Start(ctx, u); return nil }, nil},
		{"suspend", func() error { return s.Suspend(ctx, u) }, nil},
		{"resume", func() error { return s.Resume(ctx, u) }, nil},
		{"limits", func() error {
			return s.SetResources(ctx, u, []domain.Setting{{Property: "MemoryMax", Number: 32 << 20}, {Property: "CPUWeight", Number: 50}}, TuneOptions{})
		}, []string{"memory web memory=65536-32768 by=1000", "limit web CPUWeight=infinity-50 by=1000"}},
		{"limits of the definition", func() error {
			return s.SetResources(ctx, u, []domain.Setting{{Property: "CPUWeight", Number: 60}}, TuneOptions{Config: true})
		}, nil},
		{"reset", func() error { return s.Reset(ctx, u) }, []string{
			"stop web reason=reboot by=1000", "resources web def=true by=1000", "start web reason=reboot supervisor=104 by=1000",
			"init web supervisor=104 leader=105 ns=4026530105 by=1000",
		}},
		{"destroy", func() error { return s.Destroy(ctx, u) }, []string{"stop web reason=destroyed by=1000"}},
		{"undefine", func() error { return s.Undefine(ctx, u) }, nil},
		{"create", func() error {
			_, err := s.Create(ctx, xmlOf("new"))
			return err
		}, []string{
			"resources new def=true by=1000", "start new reason=booted supervisor=106 by=1000", "init new supervisor=106 leader=107 ns=4026530107 by=1000",
		}},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if diff := cmp.Diff(step.want, w.takeAudit()); diff != "" {
			t.Errorf("%s: -want +got\n%s", step.name, diff)
		}
	}
}

// TestAuditOfFailedStart: a start that fails at any step has one failed record, or an end if init has run. No other
// record says that it started.
func TestAuditOfFailedStart(t *testing.T) {
	t.Parallel()
	start, _ := points(t)
	for _, point := range start {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			s := w.service(t)
			s.Reached = func(p string) error {
				if p == point {
					return errFault
				}
				return nil
			}
			u := define(t, s, "web")
			if err := s.Start(byUser(), u); !errors.Is(err, errFault) {
				t.Fatalf("got %v", err)
			}
			want := []string{"resources web def=true by=1000", "start web reason=booted by=1000 res=failed"}
			if slices.Contains([]string{"start running", "start done"}, point) {
				want = []string{
					"resources web def=true by=1000", "start web reason=booted supervisor=102 by=1000",
					"init web supervisor=102 leader=103 ns=4026530103 by=1000", "stop web reason=failed by=1000",
				}
			}
			if diff := cmp.Diff(want, w.takeAudit()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestAuditRequired: a start whose records are required and cannot be written fails, leaves nothing, and says why. Init
// is not executed before the records of its resources are written.
func TestAuditRequired(t *testing.T) {
	t.Parallel()
	for kind, initRan := range map[string]bool{"resources": false, "start": true, "init": true} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			s := w.service(t)
			u := define(t, s, "web")
			w.fault = "audit.Record " + kind
			ran := false
			w.onCall("supervisor.Continue", func() { ran = true })
			err := s.Start(context.Background(), u)
			if !errors.Is(err, errFault) || !strings.Contains(err.Error(), "required") {
				t.Errorf("got %v", err)
			}
			if ran != initRan {
				t.Errorf("init was executed: %t", ran)
			}
			if left := w.left(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// silentReceipt is of records that are never written.
type silentReceipt struct{}

func (silentReceipt) Await(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// TestAuditIsBounded: a start waits for required records for a bounded time.
func TestAuditIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		if err := await(context.Background(), silentReceipt{}); !errors.Is(err, ErrTimeout) {
			t.Errorf("got %v", err)
		}
	})
}

// TestAuditOfEnds: the record of an end has libvirt's reason, and no caller if the container has ended by itself.
func TestAuditOfEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end  End
		want []string
	}{
		"exit":   {End{Known: true, Exit: Exit{Kind: ExitExited}}, []string{"stop web reason=shutdown"}},
		"crash":  {End{Known: true, Exit: Exit{Kind: ExitKilled, Code: int32(syscall.SIGSEGV)}}, []string{"stop web reason=failed"}},
		"memory": {End{Known: true, OOMKills: 1, Exit: Exit{Kind: ExitKilled, Code: int32(syscall.SIGKILL)}}, []string{"stop web reason=failed"}},
		"reboot": {End{Known: true, Exit: Exit{Kind: ExitKilled, Code: int32(syscall.SIGHUP)}}, []string{
			"stop web reason=reboot", "resources web def=true", "start web reason=reboot supervisor=104", "init web supervisor=104 leader=105 ns=4026530105",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				s, u := running(t, w)
				w.takeAudit()
				w.supervisors[u.String()].finish(c.end)
				synctest.Wait()
				if diff := cmp.Diff(c.want, w.takeAudit()); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
				if s.Active() > 0 {
					_ = s.Destroy(context.Background(), u)
				}
				synctest.Wait()
			})
		})
	}
}

// TestAuditOfExec: a command has a record when it is executed and when it is not, with its caller. One for a container
// that does not run has none.
func TestAuditOfExec(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	off := define(t, s, "off")
	w.takeAudit()
	if _, _, err := s.Exec(byUser(), off, Command{Argv: []string{"ls"}}, nil); err == nil || w.takeAudit() != nil {
		t.Errorf("in a container that is off: %v", err)
	}
	p, _, err := s.Exec(byUser(), u, Command{Argv: []string{"/bin/ls", "secret"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.fault = "supervisor.Exec"
	if _, _, err := s.Exec(context.Background(), u, Command{Argv: []string{"none"}}, nil); !errors.Is(err, errFault) {
		t.Errorf("got %v", err)
	}
	want := []string{fmt.Sprintf("exec web supervisor=102 command=/bin/ls pid=%d by=1000", p.PID), "exec web supervisor=102 command=none res=failed"}
	if diff := cmp.Diff(want, w.takeAudit()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
