package service

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// startsWithHost makes containers that start with the host.
func startsWithHost(t *testing.T, s *Service, names ...string) (list []domain.UUID) {
	t.Helper()
	for _, name := range names {
		u := define(t, s, name)
		if err := s.SetAutostart(context.Background(), u, true); err != nil {
			t.Fatal(err)
		}
		list = append(list, u)
	}
	return list
}

// on returns the names of the containers that are on, in order.
func on(s *Service) (names []string) {
	for _, snap := range s.List() {
		if snap.State.Active() {
			names = append(names, snap.Name)
		}
	}
	slices.Sort(names)
	return names
}

// reboot is what a reboot of the host leaves of a world: the definitions.
func reboot(w *world) *world {
	fresh := newWorld()
	fresh.definitions, fresh.autostarts.names, fresh.once.names = w.definitions, w.autostarts.names, w.once.names
	return fresh
}

// TestAutostartOnceABoot: the first daemon of each boot starts what has autostart, and a later one starts nothing more.
func TestAutostartOnceABoot(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	s.Autostart(t.Context())
	list := startsWithHost(t, s, "a", "b")
	define(t, s, "c")
	s.Autostart(t.Context())
	if got := on(s); got != nil {
		t.Errorf("marked after the boot, these are on: %v", got)
	}
	w = reboot(w)
	s, announce := again(t, w)
	announce()
	s.Autostart(t.Context())
	if diff := cmp.Diff([]string{"a", "b"}, on(s)); diff != "" {
		t.Errorf("after the boot (-want +got):\n%s", diff)
	}
	if err := s.Destroy(t.Context(), list[0]); err != nil {
		t.Fatal(err)
	}
	s, announce = again(t, w)
	announce()
	s.Autostart(t.Context())
	if diff := cmp.Diff([]string{"b"}, on(s)); diff != "" || s.Busy() != 1 {
		t.Errorf("after the next daemon, busy with %d (-want +got):\n%s", s.Busy(), diff)
	}
}

// TestAutostartSurvivesKill: when the daemon is killed at any point of an autostart, the next one starts what is
// missing, and no container begins twice.
func TestAutostartSurvivesKill(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"runs.Autostart", "runs.Create", "supervisors.Begin", "machines.Register", "runs.Save running", "runs.Autostarted"} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				startsWithHost(t, w.service(t), "a", "b", "c")
				w = reboot(w)
				s, announce := again(t, w)
				announce()
				var once sync.Once
				w.onCall(call, func() { once.Do(func() { w.kill(s) }) })
				go s.Autostart(context.Background())
				synctest.Wait()
				begun := began(w)
				s = next(t, w)
				s.Autostart(t.Context())
				begun = append(begun, began(w)...)
				if diff := cmp.Diff([]string{"a", "b", "c"}, on(s)); diff != "" {
					t.Errorf("on (-want +got):\n%s", diff)
				}
				slices.Sort(begun)
				if len(slices.Compact(slices.Clone(begun))) != len(begun) {
					t.Errorf("begun: %v", begun)
				}
				for _, snap := range s.List() {
					_ = s.Destroy(t.Context(), snap.UUID)
				}
				synctest.Wait()
				if left := w.left(); len(left) > 0 {
					t.Errorf("left behind: %v", left)
				}
			})
		})
	}
}

// began takes the events, and returns those of starts.
func began(w *world) (list []string) {
	for _, e := range w.takeEvents() {
		if strings.HasSuffix(e, " started/booted") {
			list = append(list, e)
		}
	}
	return list
}

// TestAutostartRunsOnlyOnce: a container that was started and has ended before its turn comes, stays off.
func TestAutostartRunsOnlyOnce(t *testing.T) {
	t.Parallel()
	w := newWorld()
	list := startsWithHost(t, w.service(t), "a")
	w = reboot(w)
	s, _ := again(t, w)
	if err := s.Start(t.Context(), list[0]); err != nil {
		t.Fatal(err)
	}
	if err := s.Destroy(t.Context(), list[0]); err != nil {
		t.Fatal(err)
	}
	s.Autostart(t.Context())
	if got := on(s); got != nil {
		t.Errorf("on: %v", got)
	}
}

// TestAutostartSkipsFailure: a container that does not start keeps no other from its start, and is not tried again in
// this boot.
func TestAutostartSkipsFailure(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	sharesIPC(t, s, "a", "missing")
	startsWithHost(t, s, "b")
	define(t, s, "missing")
	w = reboot(w)
	s, _ = again(t, w)
	for range 2 {
		s.Autostart(t.Context())
		if diff := cmp.Diff([]string{"b"}, on(s)); diff != "" || s.autostarts.Load() != 0 {
			t.Errorf("%d to start (-want +got):\n%s", s.autostarts.Load(), diff)
		}
	}
}

// sharesIPC makes a container that starts with the host and shares a namespace with another.
func sharesIPC(t *testing.T, s *Service, name, other string) {
	t.Helper()
	u := define(t, s, name, "<lxc:namespace xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'><lxc:shareipc type='name' value='"+other+"'/></lxc:namespace>")
	if err := s.SetAutostart(t.Context(), u, true); err != nil {
		t.Fatal(err)
	}
}

// TestAutostartEnds: when the daemon is told to end, no further container begins, and the next daemon starts the rest.
func TestAutostartEnds(t *testing.T) {
	t.Parallel()
	w := newWorld()
	startsWithHost(t, w.service(t), "a", "b")
	w = reboot(w)
	s, _ := again(t, w)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.Autostart(ctx)
	if got := on(s); got != nil || s.Busy() != 0 {
		t.Errorf("on: %v, busy with %d", got, s.Busy())
	}
	s.Autostart(t.Context())
	if diff := cmp.Diff([]string{"a", "b"}, on(s)); diff != "" {
		t.Errorf("later (-want +got):\n%s", diff)
	}
}

// TestAutostartLostBus: a start that fails because the connection to systemd is lost is made by the next daemon.
func TestAutostartLostBus(t *testing.T) {
	t.Parallel()
	w := newWorld()
	startsWithHost(t, w.service(t), "a", "b")
	w = reboot(w)
	s, _ := again(t, w)
	ctx, cancel := context.WithCancel(t.Context())
	w.fault = "scopes.Start"
	w.onCall("scopes.Start", cancel)
	s.Autostart(ctx)
	if got := on(s); got != nil {
		t.Errorf("on: %v", got)
	}
	w.fault = ""
	s, announce := again(t, w)
	announce()
	s.Autostart(t.Context())
	if diff := cmp.Diff([]string{"a", "b"}, on(s)); diff != "" {
		t.Errorf("the next daemon (-want +got):\n%s", diff)
	}
}

// TestAutostartOrder: a container starts after those whose namespaces it shares, and a circle of such keeps none from
// its turn.
func TestAutostartOrder(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	sharesIPC(t, s, "a", "z")
	sharesIPC(t, s, "p", "q")
	sharesIPC(t, s, "q", "p")
	startsWithHost(t, s, "z")
	w = reboot(w)
	s, _ = again(t, w)
	var names []string
	for _, u := range s.autostartOrder() {
		snap, _ := s.ByUUID(u)
		names = append(names, snap.Name)
	}
	if diff := cmp.Diff([]string{"z", "a", "q", "p"}, names); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	s.Autostart(t.Context())
	if got := on(s); !slices.Contains(got, "a") || !slices.Contains(got, "z") {
		t.Errorf("on: %v", got)
	}
}
