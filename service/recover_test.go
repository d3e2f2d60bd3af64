package service

import (
	"context"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// again kills the daemon, and makes the next one over the same world.
func again(t *testing.T, w *world) (s *Service, announce func()) {
	t.Helper()
	for earlier := range w.daemons {
		w.kill(earlier)
	}
	w.takeEvents()
	s = w.service(t)
	announce, err := s.Recover(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s, announce
}

// TestRecoverFindsWhatRuns: the next daemon shows a container as the last one did, and can resume
// and destroy it.
func TestRecoverFindsWhatRuns(t *testing.T) {
	t.Parallel()
	w := newWorld()
	first, u := running(t, w)
	if err := first.Suspend(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	before, _ := first.ByUUID(u)
	s, announce := again(t, w)
	announce()
	after, err := s.ByUUID(u)
	if err != nil {
		t.Fatal(err)
	}
	before.StateChanged, before.Started = after.StateChanged, after.Started
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("-before +after\n%s", diff)
	}
	if err := s.Resume(context.Background(), u); err != nil {
		t.Errorf("resume: %v", err)
	}
	if err := s.Destroy(context.Background(), u); err != nil {
		t.Errorf("destroy: %v", err)
	}
	if left := w.left(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestRecoverWhatEnded: a container that ended while no daemon was there ends with the right
// events, or reboots.
func TestRecoverWhatEnded(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		exit  *End
		fault string // of the first daemon's start
		want  []string
	}{
		"by itself":       {exit: &End{Known: true, Exit: Exit{Kind: ExitExited, Code: 4}}, want: []string{"web >stopping/booted", "web stopped/shutdown", "web >shutoff/shutdown"}},
		"with supervisor": {want: []string{"web >stopping/booted", "web stopped/failed", "web >shutoff/failed"}},
		"rebooting": {
			exit: &End{Known: true, Exit: Exit{Kind: ExitKilled, Code: int32(syscall.SIGHUP)}},
			want: []string{"web >stopping/booted", "web >shutoff/shutdown", "web >starting/booted", "web rebooted/guest", "web >running/booted"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			first, u := running(t, w)
			w.kill(first)
			w.supervisors[u.String()].finish(End{})
			if tc.exit != nil {
				w.exits[u.String()] = *tc.exit
			}
			s, announce := again(t, w)
			announce()
			after, _ := s.find(u)
			_ = after.lock(context.Background())
			after.unlock()
			if diff := cmp.Diff(tc.want, w.takeEvents()); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if tc.exit != nil {
				if snap := after.snapshot(); snap.LastExit != tc.exit.Exit {
					t.Errorf("last exit %+v", snap.LastExit)
				}
			}
		})
	}
}

// TestRecoverHurtsNobody: a supervisor that cannot be asked now is asked later, and keeps its container.
func TestRecoverHurtsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld()
	_, u := running(t, w)
	w.fault = "supervisors.Attach"
	s, announce := again(t, w)
	if snap, _ := s.ByUUID(u); snap.State != StateRunning || w.supervisors[u.String()].over() {
		t.Errorf("it is %s, over %v", snap.State, w.supervisors[u.String()].over())
	}
	announce()
	if err := s.Destroy(context.Background(), u); err != nil {
		t.Errorf("destroy: %v", err)
	}
	if left := w.left(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestRecoverKeepsHowTheLastRunEnded: the next daemon knows how the last run ended.
func TestRecoverKeepsHowTheLastRunEnded(t *testing.T) {
	t.Parallel()
	w := newWorld()
	first, u := running(t, w)
	if err := first.Destroy(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	s, _ := again(t, w)
	snap, _ := s.ByUUID(u)
	if snap.Reason != ReasonDestroyed || snap.LastExit.Kind != ExitKilled || snap.State != StateShutoff {
		t.Errorf("%+v", snap)
	}
}

// TestLifecycleTable: each operation is accepted, refused or already done in each state, as this
// table says.
func TestLifecycleTable(t *testing.T) {
	t.Parallel()
	states := []State{StateShutoff, StateStarting, StateRunning, StatePaused, StateStopping}
	for op, want := range map[operation][]verdict{
		opStart:    {proceed, refuse, refuse, refuse, refuse},
		opAdopt:    {refuse, refuse, proceed, proceed, refuse},
		opDestroy:  {refuse, refuse, proceed, proceed, proceed},
		opShutdown: {refuse, refuse, proceed, refuse, already},
		opReboot:   {refuse, refuse, proceed, refuse, refuse},
		opRename:   {proceed, refuse, refuse, refuse, refuse},
		opReset:    {refuse, refuse, proceed, proceed, refuse},
		opSuspend:  {refuse, refuse, proceed, already, refuse},
		opResume:   {refuse, refuse, refuse, proceed, refuse},
		opConsole:  {refuse, refuse, proceed, proceed, proceed},
	} {
		for i, state := range states {
			if got := lifecycle(op, state); got != want[i] {
				t.Errorf("%s in %s: %v, want %v", op, state, got, want[i])
			}
		}
	}
}
