package service

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"testing"

	"github.com/berthd/berth/internal/figures"
)

func everyone(*Snapshot) bool { return true }

// TestStats: a running container has the figures of the groups that were asked for, and one that is off has none.
func TestStats(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	st, err := s.Stats(u, figures.Of(figures.PIDs|figures.State))
	started, known := st.Get(figures.StartedUSec)
	if tasks, _ := st.Get(figures.TasksCurrent); err != nil || tasks != 7 || !known || started != uint64(st.Started.UnixMicro()) || st.Name != "web" {
		t.Errorf("%s: %d tasks, started %d, %v", st.Name, tasks, started, err)
	}
	st, err = s.Stats(u, figures.Of(figures.CPU))
	if _, known := st.Get(figures.TasksCurrent); err != nil || known {
		t.Errorf("tasks that nobody asked for: %v, %v", known, err)
	}
	w.fault = "figures.Read"
	if _, err := s.Stats(u, figures.Of(figures.All)); !errors.Is(err, errFault) {
		t.Errorf("a fault is %v", err)
	}
	w.fault = ""
	if err := s.Destroy(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	var state *StateError
	if _, err := s.Stats(u, figures.Of(figures.All)); !errors.As(err, &state) || state.Kind != NotRunning {
		t.Errorf("off: %v", err)
	}
}

// TestStatsOfOneThatEnds: a container whose group goes while its figures are read is off.
func TestStatsOfOneThatEnds(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	w.onCall("figures.Read", func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		clear(w.units)
	})
	var state *StateError
	if _, err := s.Stats(u, figures.Of(figures.All)); !errors.As(err, &state) || state.Kind != NotRunning {
		t.Errorf("it is %v", err)
	}
	list, err := s.AllStats(figures.Of(figures.All), everyone)
	if err != nil || len(list) != 1 || list[0].Name != "web" {
		t.Fatalf("there are %d", len(list))
	}
	if _, known := list[0].Get(figures.TasksCurrent); known {
		t.Error("a group that is gone has figures")
	}
}

// TestAllStats: all containers have their figures, by name, without a wait for one that is being changed. One that is
// off has those of its state, and a fault of one is no fault of the others.
func TestAllStats(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	if _, err := s.Define(context.Background(), []byte(`<domain type="lxc"><name>off</name><memory>65536</memory><os><type>exe</type><init>/bin/sh</init></os></domain>`)); err != nil {
		t.Fatal(err)
	}
	c, err := s.find(u)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.lock(context.Background()); err != nil { // somebody starts or stops it
		t.Fatal(err)
	}
	defer c.unlock()
	list, err := s.AllStats(figures.Of(figures.All), everyone)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, 0, len(list))
	for i := range list {
		names = append(names, list[i].Name)
	}
	if !slices.Equal(names, []string{"off", "web"}) {
		t.Fatalf("there are %v", names)
	}
	if tasks, known := list[1].Get(figures.TasksCurrent); !known || tasks != 7 {
		t.Errorf("web has %d tasks, %v", tasks, known)
	}
	if _, known := list[0].Get(figures.TasksCurrent); known || list[0].State != StateShutoff {
		t.Errorf("off is %s and has tasks: %v", list[0].State, known)
	}
	if _, known := list[0].Get(figures.StartedUSec); known {
		t.Error("off has a start")
	}
	w.fault = "figures.Read"
	if got, err := s.AllStats(figures.Of(figures.All), everyone); err != nil || len(got) != 2 {
		t.Errorf("with a fault there are %d, %v", len(got), err)
	}
	w.fault = ""
	w.onCall("figures.Read", func() { panic("a mistake") })
	if got, err := s.AllStats(figures.Of(figures.All), everyone); err != nil || len(got) != 2 {
		t.Errorf("with a panic there are %d, %v", len(got), err)
	}
	w.onCall("figures.Read", nil)
	got, err := s.AllStats(figures.Of(figures.All), func(snap *Snapshot) bool { return snap.State.Active() })
	if err != nil || len(got) != 1 || got[0].Name != "web" {
		t.Errorf("active are %d, %v", len(got), err)
	}
}

// TestAllStatsWithoutMeans: a berthd that has no free descriptor says so, rather than that nothing is counted.
func TestAllStatsWithoutMeans(t *testing.T) {
	t.Parallel()
	s, _ := running(t, newWorld())
	list := s.toMeasure(everyone)
	for _, err := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM} {
		if got := s.judge(list, []error{errors.Join(errFault, err)}); !errors.Is(got, err) {
			t.Errorf("%v is %v", err, got)
		}
	}
	if err := s.judge(list, []error{errFault}); err != nil {
		t.Errorf("a fault of one is %v", err)
	}
}
