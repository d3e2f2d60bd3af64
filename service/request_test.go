package service

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// ends is how init can end.
func ends() map[string]End {
	signal := func(sig syscall.Signal) End {
		return End{Known: true, Exit: Exit{Kind: ExitKilled, Code: int32(sig)}}
	}
	return map[string]End{
		"exit":     {Known: true, Exit: Exit{Kind: ExitExited, Code: 3}},
		"poweroff": signal(syscall.SIGINT),
		"reboot":   signal(syscall.SIGHUP),
		"crash":    signal(syscall.SIGSEGV),
		"killed":   signal(syscall.SIGKILL),
		"lost":     {},
		"ordered":  {Known: true, Asked: true, Exit: Exit{Kind: ExitExited}},
	}
}

// TestOutcome: the life-cycle action that applies follows from what was asked and how init ended.
func TestOutcome(t *testing.T) {
	t.Parallel()
	runs := map[string]Run{
		"nothing": {}, "shutdown": {Wanted: WantShutdown}, "reboot": {Wanted: WantReboot}, "reset": {Wanted: WantReset},
		"destroy": {Destroyed: true, Wanted: WantReboot}, "systemd's stop": {Stopping: true, Wanted: WantReboot},
	}
	// The action, or the end of the story: off, again.
	want := map[string]string{
		"nothing":        "exit=on_poweroff poweroff=on_poweroff reboot=on_reboot crash=on_crash killed=on_crash lost=on_crash ordered=off",
		"shutdown":       "exit=on_poweroff poweroff=on_poweroff reboot=on_poweroff crash=on_poweroff killed=on_poweroff lost=on_poweroff ordered=off",
		"reboot":         "exit=on_reboot poweroff=on_poweroff reboot=on_reboot crash=on_crash killed=on_crash lost=on_crash ordered=off",
		"reset":          "exit=again poweroff=again reboot=again crash=again killed=again lost=again ordered=off",
		"destroy":        "exit=off poweroff=off reboot=off crash=off killed=off lost=off ordered=off",
		"systemd's stop": "exit=off poweroff=off reboot=off crash=off killed=off lost=off ordered=off",
	}
	only := map[string]domain.Def{
		"on_poweroff": {OnPoweroff: domain.ActionRestart, OnReboot: domain.ActionDestroy, OnCrash: domain.ActionPreserve},
		"on_reboot":   {OnPoweroff: domain.ActionDestroy, OnReboot: domain.ActionRenameRestart, OnCrash: domain.ActionDestroy},
		"on_crash":    {OnPoweroff: domain.ActionDestroy, OnReboot: domain.ActionDestroy, OnCrash: domain.ActionCoredumpRestart},
	}
	for asked, run := range runs {
		for field := range strings.FieldsSeq(want[asked]) {
			how, action, _ := strings.Cut(field, "=")
			for restarting, def := range only {
				got := outcomeOf(&run, ends()[how], &def).restart
				if wanted := action == restarting || action == "again"; got != wanted {
					t.Errorf("%s, then %s, with %s=restart: restart %v, want %v", asked, how, restarting, got, wanted)
				}
			}
		}
	}
}

// request starts web with an init that listens, and asks it.
func request(t *testing.T, w *world, ask func(*Service, domain.UUID) error, more ...string) (*Service, domain.UUID, *supervisorFake, error) {
	t.Helper()
	s, u := running(t, w, more...)
	sup := w.supervisors[u.String()]
	sup.listens = true
	w.takeEvents()
	return s, u, sup, ask(s, u)
}

// TestRequests: the supervisor is asked for what the caller wants, in the ways that the caller and the definition want.
func TestRequests(t *testing.T) {
	t.Parallel()
	const named = `<container xmlns='urn:berth:container:1'><shutdown signal='SIGINT'/></container>`
	for name, tc := range map[string]struct {
		xml    string
		reboot bool
		modes  Modes
		want   Request
	}{
		"shutdown":                      {"", false, Modes{}, Request{Initctl: true, Signal: true}},
		"shutdown, initctl":             {"", false, Modes{Initctl: true}, Request{Initctl: true}},
		"shutdown, signal":              {"", false, Modes{Signal: true}, Request{Signal: true}},
		"shutdown, both":                {"", false, Modes{true, true}, Request{Initctl: true, Signal: true}},
		"shutdown, named":               {named, false, Modes{}, Request{Signal: true}},
		"shutdown, named, both":         {named, false, Modes{true, true}, Request{Initctl: true, Signal: true}},
		"reboot":                        {"", true, Modes{}, Request{Reboot: true, Initctl: true, Signal: true}},
		"reboot, named":                 {named, true, Modes{}, Request{Reboot: true, Initctl: true, Signal: true}},
		"reboot, named, only by signal": {named, true, Modes{Signal: true}, Request{Reboot: true, Signal: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			s, u, sup, err := request(t, w, func(s *Service, u domain.UUID) error {
				if tc.reboot {
					return s.Reboot(context.Background(), u, tc.modes)
				}
				return s.Shutdown(context.Background(), u, tc.modes)
			}, tc.xml)
			if diff := cmp.Diff([]Request{tc.want}, sup.requests); diff != "" || err != nil {
				t.Errorf("%v, -want +got\n%s", err, diff)
			}
			if snap, _ := s.ByUUID(u); snap.State != StateRunning {
				t.Errorf("it is %s: whether init ends is up to init", snap.State)
			}
		})
	}
}

// TestRequestNotAsked: a request that init cannot be asked is an error, and does not count for the end that comes
// later.
func TestRequestNotAsked(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u, sup, err := request(t, w, func(s *Service, u domain.UUID) error {
		return s.Reboot(context.Background(), u, Modes{})
	})
	if err != nil {
		t.Fatal(err)
	}
	sup.listens = false
	if err := s.Shutdown(context.Background(), u, Modes{}); !errors.Is(err, ErrNotAsked) {
		t.Errorf("a deaf init: %v", err)
	}
	if got := w.runs[u].Run.Wanted; got != WantReboot {
		t.Errorf("the note wants %q, and the reboot still counts", got)
	}
	w.fault = "supervisor.Ask"
	if err := s.Shutdown(context.Background(), u, Modes{}); !errors.Is(err, errFault) {
		t.Errorf("a fault: %v", err)
	}
	if got := w.runs[u].Run.Wanted; got != WantShutdown {
		t.Errorf("the note wants %q, and init may have been asked", got)
	}
}

// TestOlderSupervisor: a supervisor that does not know requests is given the order that it knows, or the caller is
// told.
func TestOlderSupervisor(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u, sup, err := request(t, w, func(s *Service, u domain.UUID) error {
		c, _ := s.find(u)
		c.run.Wire = EntryWire - 1
		return s.Shutdown(context.Background(), u, Modes{})
	})
	if err != nil || !sup.asked || len(sup.requests) > 0 {
		t.Errorf("%v, asked %v, %v", err, sup.asked, sup.requests)
	}
	for name, err := range map[string]error{
		"reboot":            s.Reboot(context.Background(), u, Modes{}),
		"initctl":           s.Shutdown(context.Background(), u, Modes{Initctl: true}),
		"reboot by initctl": s.Reboot(context.Background(), u, Modes{Initctl: true}),
	} {
		if !errors.Is(err, ErrNotAsked) || !errors.Is(err, ErrOldSupervisor) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRebootedByRequest: an init that only exits upon a request to reboot starts again, as often as asked, and says so.
func TestRebootedByRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s, u := running(t, w)
		for range 8 { // more often than a container may restart by itself
			before, _ := s.ByUUID(u)
			sup := w.supervisors[u.String()]
			sup.listens = true
			w.takeEvents()
			if err := s.Reboot(context.Background(), u, Modes{}); err != nil {
				t.Fatal(err)
			}
			sup.finish(ends()["exit"])
			after, err := s.AwaitEnd(context.Background(), u, before.ID)
			if err != nil || after.State != StateRunning || after.ID == before.ID || after.UUID != u || after.Name != "web" {
				t.Fatalf("%+v, %v", after, err)
			}
			if got := w.takeEvents(); !slices.Contains(got, "web rebooted/requested") || slices.Contains(got, "web stopped/shutdown") {
				t.Errorf("events %v", got)
			}
		}
		if err := s.Destroy(context.Background(), u); err != nil {
			t.Error(err)
		}
	})
}

// TestRequestOutlivesDaemon: a later daemon knows what was asked of a run that ended without a daemon.
func TestRequestOutlivesDaemon(t *testing.T) {
	t.Parallel()
	for want, restarts := range map[Want]bool{WantReboot: true, WantShutdown: false} {
		w := newWorld()
		first, u := running(t, w)
		sup := w.supervisors[u.String()]
		sup.listens = true
		var err error
		if want == WantReboot {
			err = first.Reboot(context.Background(), u, Modes{})
		} else {
			err = first.Shutdown(context.Background(), u, Modes{})
		}
		if err != nil {
			t.Fatal(err)
		}
		w.kill(first)
		w.mu.Lock()
		w.exits[u.String()] = ends()["exit"]
		w.mu.Unlock()
		sup.finish(ends()["exit"])
		s, announce := again(t, w)
		announce()
		c, err := s.find(u)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.lock(context.Background()) // until the run is released
		c.unlock()
		if snap, _ := s.ByUUID(u); (snap.State == StateRunning) != restarts {
			t.Errorf("after %s it is %s", want, snap.State)
		}
	}
}

// TestReset: a reset kills the container and starts it again, whatever the life-cycle actions say, also when the daemon
// dies in between.
func TestReset(t *testing.T) {
	t.Parallel()
	const off = "<on_poweroff>destroy</on_poweroff><on_reboot>destroy</on_reboot><on_crash>destroy</on_crash>"
	w := newWorld()
	s, u := running(t, w, off)
	before, _ := s.ByUUID(u)
	w.takeEvents()
	if err := s.Reset(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	after, _ := s.ByUUID(u)
	if after.State != StateRunning || after.ID == before.ID {
		t.Errorf("%+v", after)
	}
	if got := w.takeEvents(); !slices.Contains(got, "web rebooted/requested") {
		t.Errorf("events %v", got)
	}
	w.fault = "scopes.Start"
	var failed *StartError
	if err := s.Reset(context.Background(), u); !errors.As(err, &failed) {
		t.Errorf("a start that fails: %v", err)
	}
	var state *StateError
	if err := s.Reset(context.Background(), u); !errors.As(err, &state) {
		t.Errorf("a container that is off: %v", err)
	}
	if left := w.left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestResetCutOff: a daemon that dies in a reset leaves the container to the next daemon, which starts it again.
func TestResetCutOff(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"cgroup.Kill", "runs.Archive"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			first, u := running(t, w, "<on_crash>destroy</on_crash>")
			before, _ := first.ByUUID(u)
			w.onCall(at, func() {
				if !w.daemons[first].dead.Load() {
					w.kill(first)
					runtime.Goexit()
				}
			})
			over := make(chan struct{})
			go func() {
				defer close(over)
				_ = first.Reset(context.Background(), u)
			}()
			<-over
			s, announce := again(t, w)
			announce()
			after, err := s.AwaitEnd(context.Background(), u, before.ID)
			if err != nil || after.State != StateRunning || after.ID == before.ID {
				t.Errorf("%+v, %v", after, err)
			}
		})
	}
}

// TestAwaitEnd: a wait for the end of a run ends with it, at once if it is over, or with the context.
func TestAwaitEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s, u := running(t, w)
		on, err := s.ByUUID(u)
		if err != nil {
			t.Fatal(err)
		}
		id := on.ID
		if snap, err := s.AwaitEnd(context.Background(), u, id-1); err != nil || snap.State != StateRunning {
			t.Errorf("a run of the past: %+v, %v", snap, err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if _, err := s.AwaitEnd(ctx, u, id); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a run that goes on: %v", err)
		}
		ended := make(chan Snapshot)
		go func() {
			snap, _ := s.AwaitEnd(context.Background(), u, id)
			ended <- snap
		}()
		synctest.Wait()
		if err := s.Destroy(context.Background(), u); err != nil {
			t.Fatal(err)
		}
		if snap := <-ended; snap.State != StateShutoff || snap.Reason != ReasonDestroyed {
			t.Errorf("at the end: %+v", snap)
		}
		if _, err := s.AwaitEnd(context.Background(), domain.UUID{9}, id); !errors.Is(err, ErrNoContainer) {
			t.Errorf("no container: %v", err)
		}
	})
}

// TestStopTimeout: a container whose definition has a timeout is killed after that, and others after the service's.
func TestStopTimeout(t *testing.T) {
	t.Parallel()
	const own = `<container xmlns='urn:berth:container:1'><shutdown timeout='7'/></container>`
	for xml, limit := range map[string]time.Duration{"": time.Minute, own: 7 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			s, u := running(t, w, xml)
			sup := w.supervisors[u.String()]
			sup.listens = true
			sup.stopBySystemd()
			time.Sleep(limit - time.Millisecond)
			synctest.Wait()
			if snap, _ := s.ByUUID(u); snap.State != StateStopping {
				t.Errorf("before %v it is %s", limit, snap.State)
			}
			time.Sleep(time.Millisecond)
			synctest.Wait()
			if snap, _ := s.ByUUID(u); snap.State != StateShutoff {
				t.Errorf("after %v it is %s", limit, snap.State)
			}
		})
	}
}
