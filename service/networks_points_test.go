package service

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func second[T any](_ T, err error) error { return err }

// netPoints are those of a start and of a stop.
func netPoints() (start, stop []string) {
	for _, s := range []string{"filter", "files", "bridge", "forwarding"} {
		start, stop = append(start, "net-start "+s), append(stop, "net-destroy "+s)
	}
	return append(start, "net-start done"), stop
}

// TestNetworkFailsAtEachPoint: a start that fails leaves nothing, and names the step. A stop that fails can be
// repeated.
func TestNetworkFailsAtEachPoint(t *testing.T) {
	t.Parallel()
	fault := errors.New("fault")
	start, stop := netPoints()
	for _, point := range start {
		r := newNetRig(t)
		r.Reached = func(p string) error {
			if p == point {
				return fault
			}
			return nil
		}
		var failed *StartError
		err := r.Start(t.Context(), "default")
		if !errors.As(err, &failed) || "net-start "+failed.Step != point || !errors.Is(err, fault) {
			t.Errorf("%s: %v", point, err)
		}
		r.bare(t)
	}
	for _, point := range stop {
		r := newNetRig(t)
		if err := r.Start(t.Context(), "default"); err != nil {
			t.Fatal(err)
		}
		once := fault
		r.Reached = func(p string) (err error) {
			if p == point {
				err, once = once, nil
			}
			return err
		}
		if err := r.Destroy(t.Context(), "default"); !errors.Is(err, fault) {
			t.Errorf("%s: %v", point, err)
		}
		if err := r.Destroy(t.Context(), "default"); err != nil {
			t.Errorf("%s: %v", point, err)
		}
		r.bare(t)
	}
}

// TestNetworkDaemonDiesAtEachPoint: a network whose daemon dies during a start or a stop is gone with the next one, and
// can be started.
func TestNetworkDaemonDiesAtEachPoint(t *testing.T) {
	t.Parallel()
	start, stop := netPoints()
	for _, point := range slices.Concat(start, stop) {
		r := newNetRig(t)
		if strings.HasPrefix(point, "net-destroy") {
			if err := r.Start(t.Context(), "default"); err != nil {
				t.Fatal(err)
			}
		}
		died := false
		r.Reached = func(p string) error {
			if p == point {
				panic(point)
			}
			return nil
		}
		func() {
			defer func() { died = recover() != nil }()
			if strings.HasPrefix(point, "net-destroy") {
				_ = r.Destroy(t.Context(), "default")
			} else {
				_ = r.Start(t.Context(), "default")
			}
		}()
		if !died {
			t.Errorf("%s was not reached", point)
		}
		r.again(t)
		if err := r.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.bare(t)
		if err := r.Start(t.Context(), "default"); err != nil {
			t.Errorf("%s: %v", point, err)
		}
		r.whole(t, "default", "berth0")
	}
}

// TestNetworkStepFails: a step that fails itself is undone with the others. If that is not possible, the next start
// does it.
func TestNetworkStepFails(t *testing.T) {
	t.Parallel()
	fault := errors.New("fault")
	for _, step := range []string{"filter", "files", "bridge", "forward"} {
		r := newNetRig(t)
		r.host.fails = map[string]error{"make " + step: fault}
		if err := r.Start(t.Context(), "default"); !errors.Is(err, fault) {
			t.Errorf("%s: %v", step, err)
		}
		r.bare(t)
		r.host.fails = map[string]error{"make forward": fault, "drop bridge": fault}
		if err := r.Start(t.Context(), "default"); !errors.Is(err, fault) {
			t.Errorf("%s: %v", step, err)
		}
		r.host.fails = nil
		if err := r.Start(t.Context(), "default"); err != nil {
			t.Error(err)
		}
		r.whole(t, "default", "berth0")
	}
}
