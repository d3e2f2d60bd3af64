package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// xmlOf is a definition with more elements. Interfaces come among the devices.
func xmlOf(name string, more ...string) []byte {
	top, devices := "", ""
	for _, text := range more {
		if strings.HasPrefix(text, "<interface") || strings.HasPrefix(text, "<hostdev") {
			devices += text
		} else {
			top += text
		}
	}
	return []byte(`<domain type='lxc'><name>` + name + `</name>` + top +
		`<memory>65536</memory><os><type>exe</type><init>/init</init></os><devices><filesystem><source dir='/srv/` + name + `'/><target dir='/'/></filesystem>` + devices + `</devices></domain>`)
}

const fixedUUID = `<uuid>11111111-2222-3333-4444-555555555555</uuid>`

func define(t *testing.T, s *Service, name string, more ...string) domain.UUID {
	t.Helper()
	snap, err := s.Define(context.Background(), xmlOf(name, more...))
	if err != nil {
		t.Fatal(err)
	}
	return snap.UUID
}

// running gives a service with one container, web, that runs.
func running(t *testing.T, w *world, more ...string) (*Service, domain.UUID) {
	t.Helper()
	s := w.service(t)
	u := define(t, s, "web", more...)
	if err := s.Start(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	return s, u
}

// TestStartUndoesEachStep: a start that fails at any step leaves nothing and is no event. The next
// start succeeds.
func TestStartUndoesEachStep(t *testing.T) {
	t.Parallel()
	for _, step := range []string{
		"runs.Create", "supervisors.Begin", "runs.Save starting", "scopes.Start", "scopes.Started", "supervisor.Prepare", "cgroups.Of", "cgroups.Open",
		"supervisor.Place", "machines.Register", "supervisor.Continue", "runs.Save running",
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			s := w.service(t)
			u := define(t, s, "web")
			w.fault = step
			w.onCall(step, func() {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.fault = "" // once
			})
			err := s.Start(context.Background(), u)
			var start *StartError
			if !errors.As(err, &start) || !errors.Is(err, errFault) {
				t.Fatalf("got %v", err)
			}
			if left := w.left(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			snap, _ := s.ByUUID(u)
			if snap.State != StateShutoff || snap.Reason != ReasonFailed || snap.Leader != 0 || s.Active() != 0 {
				t.Errorf("state %s/%s, leader %d, %d active", snap.State, snap.Reason, snap.Leader, s.Active())
			}
			if e := w.takeEvents(); slices.ContainsFunc(e, func(l string) bool { return strings.Contains(l, "started") }) {
				t.Errorf("a failed start is no event: %v", e)
			}
			w.fault = ""
			if err := s.Start(context.Background(), u); err != nil {
				t.Errorf("the next start: %v", err)
			}
		})
	}
}

// TestSupervisorsOwnWords: the supervisor's own words are the cause of a failed start, where
// systemd knows only that its process is gone.
func TestSupervisorsOwnWords(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web")
	w.fault, w.failure = "scopes.Start", errors.New("open /nosuch: no such file")
	err := s.Start(context.Background(), u)
	if err == nil || err.Error() != "container: open /nosuch: no such file" {
		t.Errorf("got %v", err)
	}
	if left := w.left(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestLife: each operation of a container's life has these events and states, and undefine leaves
// nothing.
func TestLife(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	ctx := context.Background()
	u := define(t, s, "web")
	for _, step := range []struct {
		name string
		do   func() error
		want []string
	}{
		{"define", func() error { return nil }, []string{"web defined/added", "web +"}},
		{"start", func() error { return s.Start(ctx, u) }, []string{"web >starting/booted", "web started/booted", "web >running/booted"}},
		{"suspend", func() error { return s.Suspend(ctx, u) }, []string{"web suspended/paused", "web >paused/user"}},
		{"suspend again", func() error { return s.Suspend(ctx, u) }, nil},
		{"resume", func() error { return s.Resume(ctx, u) }, []string{"web resumed/unpaused", "web >running/unpaused"}},
		{"redefine", func() error { _, err := s.Define(ctx, xmlOf("web", "<uuid>"+u.String()+"</uuid>")); return err }, []string{"web defined/updated"}},
		{"destroy", func() error { return s.Destroy(ctx, u) }, []string{"web stopped/destroyed", "web >shutoff/destroyed"}},
		{"undefine", func() error { return s.Undefine(ctx, u) }, []string{"web undefined/removed", "web -"}},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if diff := cmp.Diff(step.want, w.takeEvents()); diff != "" {
			t.Errorf("%s: -want +got\n%s", step.name, diff)
		}
	}
	if left := w.left(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := s.ByUUID(u); !errors.Is(err, ErrNoContainer) {
		t.Errorf("after undefine: %v", err)
	}
}

// TestEnds: each kind of end leads to the state, reason and restart that the definition orders.
func TestEnds(t *testing.T) {
	t.Parallel()
	signal := func(sig syscall.Signal) End {
		return End{Known: true, Exit: Exit{Kind: ExitKilled, Code: int32(sig)}}
	}
	for name, tc := range map[string]struct {
		xml  string
		end  End
		want []string
	}{
		"exit":             {"", End{Known: true, Exit: Exit{Kind: ExitExited, Code: 3}}, []string{"web stopped/shutdown", "web >shutoff/shutdown"}},
		"power-off":        {"", signal(syscall.SIGINT), []string{"web stopped/shutdown", "web >shutoff/shutdown"}},
		"killed":           {"", signal(syscall.SIGSEGV), []string{"web stopped/failed", "web >shutoff/failed"}},
		"supervisor lost":  {"", End{}, []string{"web stopped/failed", "web >shutoff/failed"}},
		"reboot":           {"", signal(syscall.SIGHUP), []string{"web >shutoff/shutdown", "web >starting/booted", "web rebooted/guest", "web >running/booted"}},
		"reboot, destroy":  {"<on_reboot>destroy</on_reboot>", signal(syscall.SIGHUP), []string{"web stopped/shutdown", "web >shutoff/shutdown"}},
		"crash, restart":   {"<on_crash>restart</on_crash>", signal(syscall.SIGSEGV), []string{"web stopped/failed", "web >shutoff/failed", "web >starting/booted", "web started/booted", "web >running/booted"}},
		"poweroff restart": {"<on_poweroff>restart</on_poweroff>", signal(syscall.SIGINT), []string{"web stopped/shutdown", "web >shutoff/shutdown", "web >starting/booted", "web started/booted", "web >running/booted"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			s, u := running(t, w, tc.xml)
			w.takeEvents()
			c, _ := s.find(u)
			over := c.run.over
			w.supervisors[u.String()].finish(tc.end)
			<-over
			_ = c.lock(context.Background()) // the watcher has let go
			c.unlock()
			if diff := cmp.Diff(tc.want, w.takeEvents()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			snap, _ := s.ByUUID(u)
			if tc.end.Known && snap.LastExit != tc.end.Exit {
				t.Errorf("last exit %+v", snap.LastExit)
			}
		})
	}
}

// TestRestartsAreLimited: a container that ends at once again and again is not restarted for ever.
func TestRestartsAreLimited(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w, "<on_poweroff>restart</on_poweroff>")
	c, _ := s.find(u)
	for range 6 {
		over := c.run.over
		w.supervisors[u.String()].finish(End{Known: true, Exit: Exit{Kind: ExitExited}})
		<-over
		_ = c.lock(context.Background())
		c.unlock()
	}
	if snap, _ := s.ByUUID(u); snap.State != StateShutoff || snap.Reason != ReasonFailed {
		t.Errorf("state %s/%s", snap.State, snap.Reason)
	}
	if left := w.left(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestTransient: a transient container cannot be undefined, and is gone when it ends.
func TestTransient(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	snap, err := s.Create(context.Background(), xmlOf("tmp"))
	if err != nil || snap.Persistent || snap.State != StateRunning {
		t.Fatalf("%+v, %v", snap, err)
	}
	if err := s.Undefine(context.Background(), snap.UUID); !errors.Is(err, ErrTransient) {
		t.Errorf("undefine: %v", err)
	}
	if err := s.Destroy(context.Background(), snap.UUID); err != nil {
		t.Fatal(err)
	}
	want := []string{"tmp +", "tmp >starting/booted", "tmp started/booted", "tmp >running/booted", "tmp stopped/destroyed", "tmp >shutoff/destroyed", "tmp -"}
	if diff := cmp.Diff(want, w.takeEvents()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if _, err := s.ByName("tmp"); !errors.Is(err, ErrNoContainer) {
		t.Errorf("afterwards: %v", err)
	}
}

// TestFailedCreateLeavesNothing: a transient container whose start fails was never there.
func TestFailedCreateLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.fault = "machines.Register"
	s := w.service(t)
	if _, err := s.Create(context.Background(), xmlOf("tmp")); !errors.Is(err, errFault) {
		t.Errorf("create: %v", err)
	}
	if list := s.List(); len(list) > 0 || len(w.left()) > 0 || s.Active() != 0 {
		t.Errorf("left: %v, %v, %d active", list, w.left(), s.Active())
	}
}

// TestIdentityConflicts: a name or uuid that another container has is refused.
func TestIdentityConflicts(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	define(t, s, "web", fixedUUID)
	for name, xml := range map[string][]byte{
		"same name, no uuid":    xmlOf("web"),
		"same name, other uuid": xmlOf("web", "<uuid>99999999-2222-3333-4444-555555555555</uuid>"),
		"other name, same uuid": xmlOf("db", fixedUUID),
	} {
		var exists *ExistsError
		if _, err := s.Define(context.Background(), xml); !errors.As(err, &exists) {
			t.Errorf("define with %s: %v", name, err)
		}
		if _, err := s.Create(context.Background(), xml); !errors.As(err, &exists) {
			t.Errorf("create with %s: %v", name, err)
		}
	}
	if len(s.List()) != 1 {
		t.Errorf("%d containers", len(s.List()))
	}
}

// TestFailedDefineLeavesNothing: a definition that cannot be stored is not listed.
func TestFailedDefineLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.fault = "definitions.Save"
	s := w.service(t)
	if _, err := s.Define(context.Background(), xmlOf("web")); !errors.Is(err, errFault) {
		t.Errorf("define: %v", err)
	}
	if len(s.List()) > 0 || len(w.takeEvents()) > 0 {
		t.Error("a definition that was not stored is listed")
	}
}

// TestOneContainerAtATime: of 20 starts of one container at once, one succeeds.
func TestOneContainerAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web")
	var all sync.WaitGroup
	var mu sync.Mutex
	var started int
	for range 20 {
		all.Go(func() {
			err := s.Start(context.Background(), u)
			var state *StateError
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				started++
			case !errors.As(err, &state):
				t.Errorf("start: %v", err)
			}
		})
	}
	all.Wait()
	if started != 1 {
		t.Errorf("%d starts succeeded", started)
	}
}

// TestStopOfSystemd: a stop that systemd orders is a shutdown, and restarts nothing. Its supervisor has asked init,
// which is killed when it takes too long.
func TestStopOfSystemd(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		listens bool          // init, and ends after
		after   time.Duration // this time
	}{
		"init understands none":  {false, 0},
		"init ends":              {true, 2 * time.Second},
		"init takes longer":      {true, 2 * time.Minute},
		"init and timeout agree": {true, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				s, u := running(t, w, "<on_poweroff>restart</on_poweroff>", "<on_crash>restart</on_crash>")
				if err := s.Suspend(context.Background(), u); err != nil {
					t.Fatal(err)
				}
				sup := w.supervisors[u.String()]
				sup.listens = tc.listens
				sup.stopBySystemd()
				synctest.Wait()
				if snap, _ := s.ByUUID(u); tc.listens && (snap.State != StateStopping || sup.frozen.Load()) {
					t.Errorf("it is %s, frozen %v", snap.State, sup.frozen.Load())
				}
				time.AfterFunc(tc.after, func() { sup.finish(End{Known: true, Asked: true, Exit: Exit{Kind: ExitExited}}) })
				time.Sleep(min(tc.after, s.StopTimeout))
				synctest.Wait()
				if snap, _ := s.ByUUID(u); snap.State != StateShutoff || snap.Reason != ReasonShutdown {
					t.Errorf("it is %s/%s", snap.State, snap.Reason)
				}
				time.Sleep(2 * time.Minute)
			})
		})
	}
}

// TestPlan: the plan is that of the live or the stored definition, as asked.
func TestPlan(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w, "<features><privnet/></features>")
	define(t, s, "web", "<uuid>"+u.String()+"</uuid>")
	for inactive, want := range map[bool]string{false: `"network": "own"`, true: `"network": "host"`} {
		if text, err := s.Plan(context.Background(), u, inactive); err != nil || !strings.Contains(text, want) || !strings.HasPrefix(text, "{\n  \"name\": \"web\",\n") || !strings.Contains(text, "  \"scope\": {\n") {
			t.Errorf("inactive %v: %v, %s", inactive, err, text)
		}
	}
	if _, err := s.Plan(context.Background(), domain.UUID{}, false); !errors.Is(err, ErrNoContainer) {
		t.Errorf("of nobody: %v", err)
	}
}
