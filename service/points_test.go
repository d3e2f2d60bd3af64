package service

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// points are all points between two parts of a run, from the list itself: a new part adds its own.
func points(t *testing.T) (start, stop []string) {
	t.Helper()
	for _, step := range newWorld().service(t).steps(&Run{}) {
		start = append(start, "start "+step.name)
		stop = append(stop, "stop "+step.name)
	}
	start = append(start, "start done")
	if len(start) < 8 || !slices.Contains(stop, "stop unit") {
		t.Fatalf("points %q and %q", start, stop)
	}
	return start, stop
}

// life starts a container, web, and destroys it, and does something at one point. If the daemon dies there, so
// does the goroutine.
func life(t *testing.T, w *world, point string, reached func(*Service) error) (u domain.UUID, err error) {
	t.Helper()
	s := w.service(t)
	s.Reached = func(p string) error {
		if p == point {
			return reached(s)
		}
		return nil
	}
	more := []string{onePort}
	if w.policy.pairs > 0 { // a host with labels
		more = append(more, relabels)
	}
	u = define(t, s, "web", more...)
	over := make(chan struct{})
	go func() {
		defer close(over)
		if err = s.Start(context.Background(), u); err == nil && strings.HasPrefix(point, "stop ") {
			err = s.Destroy(context.Background(), u)
		}
	}()
	<-over
	return u, err
}

// dies kills the daemon at a point.
func dies(w *world) func(*Service) error {
	return func(s *Service) error {
		w.kill(s)
		runtime.Goexit()
		return nil
	}
}

// next is the daemon after the one that died, when it has done all that it does by itself.
func next(t *testing.T, w *world) *Service {
	t.Helper()
	s, announce := again(t, w)
	announce()
	synctest.Wait()
	return s
}

// TestDaemonDiesAtEachPoint: a container whose daemon is killed between two parts of a start or a stop is
// running and whole afterwards, or off and nothing of it is left, and can be used either way.
func TestDaemonDiesAtEachPoint(t *testing.T) {
	t.Parallel()
	start, stop := points(t)
	for _, point := range slices.Concat(start, stop) {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := labelled()
				u, _ := life(t, w, point, dies(w))
				s := next(t, w)
				snap, err := s.ByUUID(u)
				if err != nil {
					t.Fatal(err)
				}
				left := w.left()
				whole := []string{"link web0", "machine web", "port 8080 of " + u.String(), "run " + u.String(), "supervisor " + u.String(), "tree /srv/web", "unit web.scope"}
				switch {
				case snap.State == StateRunning && slices.Equal(left, whole):
					if snap.Leader == 0 || snap.ControlGroup == "" || w.runs[u].Run.State != StateRunning {
						t.Errorf("it runs, but not whole: %+v, noted %+v", snap, w.runs[u].Run)
					}
				case snap.State == StateShutoff && len(left) == 0:
					if err := s.Start(context.Background(), u); err != nil {
						t.Errorf("it cannot be started again: %v", err)
					}
				default:
					t.Fatalf("it is %s/%s, and there is %q", snap.State, snap.Reason, left)
				}
				if err := s.Destroy(context.Background(), u); err != nil {
					t.Errorf("destroy: %v", err)
				}
				if left := w.left(); len(left) > 0 {
					t.Errorf("left behind: %q", left)
				}
				synctest.Wait()
			})
		})
	}
}

// TestOthersAtEachPoint: when the daemon dies between two parts, the container ends meanwhile, and another
// manager takes its names, then the next daemon leaves all that is the other's alone.
func TestOthersAtEachPoint(t *testing.T) {
	t.Parallel()
	start, stop := points(t)
	for _, point := range slices.Concat(start, stop) {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := labelled()
				u, _ := life(t, w, point, dies(w))
				for _, sup := range w.supervisors {
					sup.finish(End{})
					w.collect(sup)
				}
				w.units["web.scope"], w.machines["web"] = 1, machineFake{leader: 1, unit: "web.scope"}
				w.links["web0"] = "another's"
				s := next(t, w)
				if snap, err := s.ByUUID(u); err != nil || snap.State != StateShutoff {
					t.Errorf("it is %s/%s, %v", snap.State, snap.Reason, err)
				}
				if diff := cmp.Diff([]string{"link web0", "machine web", "unit web.scope"}, w.left()); diff != "" {
					t.Errorf("another's (-) and left (+):\n%s", diff)
				}
			})
		})
	}
}

// TestFaultAtEachPoint: a part that cannot be acquired undoes the start, and one that cannot be released
// keeps no other from being released.
func TestFaultAtEachPoint(t *testing.T) {
	t.Parallel()
	start, stop := points(t)
	// The machine is given back before, when init has ended.
	remains := map[string]string{"stop run directory": "run ", "stop unit": "unit ", "stop links": "link ", "stop ports": "port ", "stop relabel": "tree "}
	for _, point := range slices.Concat(start, stop) {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := labelled()
				u, err := life(t, w, point, func(*Service) error { return errFault })
				way, name, _ := strings.Cut(point, " ")
				if step, ok := errors.AsType[*StartError](err); way == "start" && (!ok || step.Step != name || !errors.Is(err, errFault)) {
					t.Errorf("start: %v", err)
				}
				if way == "stop" && err != nil {
					t.Errorf("destroy: %v", err)
				}
				synctest.Wait()
				left := w.left()
				if what := remains[point]; what == "" && len(left) > 0 || what != "" && (len(left) != 1 || !strings.HasPrefix(left[0], what)) {
					t.Errorf("left: %q", left)
				}
				// The next daemon does not take what is left for a container that runs.
				if snap, err := next(t, w).ByUUID(u); err != nil || snap.State != StateShutoff {
					t.Errorf("the next daemon: %s, %v", snap.State, err)
				}
			})
		})
	}
}

// TestPointsInANest: the test with a real systemd knows every point that there is.
func TestPointsInANest(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../test/nest/points_nest_test.go")
	if err != nil {
		t.Fatal(err)
	}
	start, stop := points(t)
	for _, point := range slices.Concat(start, stop) {
		if !strings.Contains(string(text), `{"`+point+`", `) {
			t.Errorf("%q is missing", point)
		}
	}
}
