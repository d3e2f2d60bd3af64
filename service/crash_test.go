package service

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// crashedDaemon starts a container and leaves its daemon dead: it does nothing any more.
func crashedDaemon(t *testing.T, w *world, alter func(*Run)) domain.UUID {
	t.Helper()
	s, u := running(t, w, "<on_crash>restart</on_crash>")
	w.kill(s)
	saved := w.runs[u]
	alter(&saved.Run)
	w.runs[u] = saved
	return u
}

// TestRecoverUnnoted: a container whose start was not noted as done before the crash is found
// running, with its control group.
func TestRecoverUnnoted(t *testing.T) {
	t.Parallel()
	w := newWorld()
	u := crashedDaemon(t, w, func(r *Run) { r.State, r.Group, r.GroupID = StateStarting, "", 0 })
	s, announce := again(t, w)
	announce()
	snap, _ := s.ByUUID(u)
	if snap.State != StateRunning || snap.ControlGroup == "" || w.runs[u].Run.State != StateRunning || w.runs[u].Run.Group != snap.ControlGroup {
		t.Errorf("%+v, noted %+v", snap, w.runs[u])
	}
	if err := s.Destroy(context.Background(), u); err != nil {
		t.Errorf("destroy: %v", err)
	}
	if left := w.left(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestRecoverWhatWasOrdered: an end that was ordered before the crash is not a crash of the
// container.
func TestRecoverWhatWasOrdered(t *testing.T) {
	t.Parallel()
	killed := &End{Known: true, Exit: Exit{Kind: ExitKilled, Code: int32(syscall.SIGKILL)}}
	for name, tc := range map[string]struct {
		order func(*Run)
		ended *End // nil: it is not done yet
		want  Reason
	}{
		"destroyed":          {func(r *Run) { r.Destroyed = true }, killed, ReasonDestroyed},
		"to be destroyed":    {func(r *Run) { r.Destroyed = true }, nil, ReasonDestroyed},
		"stopped by systemd": {func(r *Run) { r.Stopping = true }, killed, ReasonShutdown},
		"to be stopped":      {func(r *Run) { r.Stopping = true }, nil, ReasonShutdown},
		"asked by systemd":   {func(*Run) {}, &End{Known: true, Asked: true, Exit: killed.Exit}, ReasonShutdown},
		"nothing":            {func(*Run) {}, killed, ReasonBooted}, // on_crash restarts it
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				u := crashedDaemon(t, w, tc.order)
				if tc.ended != nil {
					w.supervisors[u.String()].finish(End{})
					w.exits[u.String()] = *tc.ended
				}
				s := next(t, w)
				if snap, _ := s.ByUUID(u); snap.Reason != tc.want || snap.LastExit != killed.Exit {
					t.Errorf("it is %s/%s, %+v", snap.State, snap.Reason, snap.LastExit)
				}
				if err := s.Destroy(context.Background(), u); err != nil && !errors.As(err, new(*StateError)) {
					t.Error(err)
				}
			})
		})
	}
}

// TestEndTakenFromTheFile: the exit status of a supervisor that ends without a word is read from
// its file.
func TestEndTakenFromTheFile(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	c, _ := s.find(u)
	over := c.run.over
	w.exits[u.String()] = End{Known: true, Exit: Exit{Kind: ExitExited, Code: 5}}
	w.supervisors[u.String()].finish(End{})
	<-over
	if snap, _ := s.ByUUID(u); snap.LastExit.Code != 5 || snap.Reason != ReasonShutdown {
		t.Errorf("%+v", snap)
	}
}

// TestFailedStartIsRemembered: a later daemon knows that the last start failed.
func TestFailedStartIsRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web")
	w.fault = "machines.Register"
	if err := s.Start(context.Background(), u); err == nil {
		t.Fatal("it started")
	}
	s, _ = again(t, w)
	if snap, _ := s.ByUUID(u); snap.State != StateShutoff || snap.Reason != ReasonFailed {
		t.Errorf("%s/%s", snap.State, snap.Reason)
	}
}

// TestForeigners: a unit or machine of another that has our name makes a start fail, and is not
// stopped.
func TestForeigners(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(w *world){
		"unit web.scope": func(w *world) { w.units["web.scope"] = 1 },
		"machine web":    func(w *world) { w.machines["web"] = machineFake{leader: 1} },
	} {
		w := newWorld()
		s := w.service(t)
		u := define(t, s, "web")
		place(w)
		if err := s.Start(context.Background(), u); err == nil {
			t.Errorf("%s: it started", name)
		}
		if diff := cmp.Diff([]string{name}, w.left()); diff != "" {
			t.Errorf("-want +left\n%s", diff)
		}
	}
}

// TestNewcomerIsWhole: whoever finds a new container by its name while it is made can start it,
// once it is made.
func TestNewcomerIsWhole(t *testing.T) {
	t.Parallel()
	for range 50 {
		w := newWorld()
		s := w.service(t)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				if snap, err := s.ByName("web"); err == nil {
					if err := s.Start(context.Background(), snap.UUID); err != nil {
						t.Errorf("start: %v", err)
					}
					return
				}
			}
		}()
		define(t, s, "web")
		<-done
	}
}

// TestStopDuringStart: a stop that systemd orders in the moment in which init is executed is one.
func TestStopDuringStart(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web")
	w.onCall("supervisor.Continue", func() { close(w.supervisors[u.String()].order) })
	if err := s.Start(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	sup := w.supervisors[u.String()]
	sup.finish(End{Known: true, Exit: Exit{Kind: ExitExited}})
	s.work.Wait()
	if snap, _ := s.ByUUID(u); snap.State != StateShutoff || snap.Reason != ReasonShutdown {
		t.Errorf("%s/%s", snap.State, snap.Reason)
	}
}
