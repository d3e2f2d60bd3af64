package service

import (
	"context"
	"syscall"
	"testing"
	"time"
)

// TestOwned: a container that was started for an owner is destroyed for that owner only, also by a later daemon, after
// a reboot, and never when it was started anew for nobody.
func TestOwned(t *testing.T) {
	t.Parallel()
	const owner = "bus :1.7"
	ctx := context.Background()
	w := newWorld()
	first := w.service(t)
	u := define(t, first, "web")
	if err := first.StartWith(ctx, u, StartOptions{Owner: owner}); err != nil {
		t.Fatal(err)
	}
	destroyed := func(s *Service, owner string, want State) {
		t.Helper()
		if err := s.DestroyOwned(ctx, u, owner); err != nil {
			t.Errorf("%s: %v", owner, err)
		}
		if snap, err := s.ByUUID(u); err != nil || snap.State != want {
			t.Errorf("after %q it is %s, %v", owner, snap.State, err)
		}
	}
	destroyed(first, "bus :1.8", StateRunning)
	destroyed(first, "", StateRunning)

	w.find(first.Runs.Dir(u)).finish(End{Known: true, Exit: Exit{Kind: ExitKilled, Code: int32(syscall.SIGHUP)}})
	for until := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		snap, _ := first.ByUUID(u)
		if snap.State == StateRunning && !w.find(first.Runs.Dir(u)).over() {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("after a reboot it is %s", snap.State)
		}
	}

	s, announce := again(t, w)
	announce()
	if snap, _ := s.ByUUID(u); snap.Owner != owner {
		t.Errorf("the next daemon knows the owner %q", snap.Owner)
	}
	destroyed(s, owner, StateShutoff)
	if snap, _ := s.ByUUID(u); snap.Owner != "" || snap.Reason != ReasonDestroyed {
		t.Errorf("%+v", snap)
	}
	if err := s.Start(ctx, u); err != nil {
		t.Fatal(err)
	}
	destroyed(s, owner, StateRunning)

	snap, err := s.CreateWith(ctx, xmlOf("other", fixedUUID), StartOptions{Owner: owner})
	if err != nil || snap.Owner != owner {
		t.Fatalf("%+v, %v", snap, err)
	}
	if err := s.DestroyOwned(ctx, snap.UUID, owner); err != nil {
		t.Error(err)
	}
	if _, err := s.ByUUID(snap.UUID); err == nil {
		t.Error("a transient container is still there")
	}
}
