package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

func (d scopesFake) Limits(_ context.Context, unit string) (plan.Resources, error) {
	err := d.call("scopes.Limits")
	d.mu.Lock()
	defer d.mu.Unlock()
	return whole(d.scopes[unit]), err
}

// whole returns the limits of a scope as systemd shows it: with numbers for what nobody has set.
func whole(s plan.Resources) plan.Resources {
	infinity, none, tasks := plan.Infinity, uint64(0), uint64(defaultTasks)
	for _, n := range []**uint64{&s.MemoryMax, &s.MemoryHigh, &s.MemorySwapMax, &s.CPUWeight, &s.CPUQuotaPeriod, &s.CPUQuotaPerSec, &s.IOWeight} {
		if *n == nil {
			*n = &infinity
		}
	}
	for _, n := range []**uint64{&s.MemoryLow, &s.MemoryMin} {
		if *n == nil {
			*n = &none
		}
	}
	if s.TasksMax == nil {
		s.TasksMax = &tasks
	}
	return s
}

func (d scopesFake) Tuned(string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tuned
}

// setProperty changes the unit of web as systemctl set-property does.
func (w *world) setProperty(alter func(*plan.Resources)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.scopes["web.scope"]
	alter(&s)
	w.scopes["web.scope"], w.tuned = s, true
}

// TestLimitsChanged: what somebody else sets at systemd is in the properties, the live definition, the note, and what a
// later daemon has, and is one change; what has no place in a definition is in the properties all the same.
func TestLimitsChanged(t *testing.T) {
	t.Parallel()
	n := func(n uint64) *uint64 { return &n }
	for name, tc := range map[string]struct {
		alter  func(*plan.Resources)
		xml    string // in the live definition
		absent string
		is     func(*Snapshot) bool
	}{
		"numbers": {func(s *plan.Resources) { s.MemoryMax, s.CPUWeight = n(32<<20), n(50) }, "<hard_limit unit='KiB'>32768< <shares>50<", "", func(s *Snapshot) bool {
			return s.MemoryMax == 32<<20 && s.Limits.CPUWeight == 50
		}},
		"sets": {func(s *plan.Resources) { s.AllowedCPUs, s.AllowedNodes = []int{0, 2}, []int{0} }, "cpuset='0,2'", "", func(s *Snapshot) bool { return s.Limits.AllowedCPUs == "0,2" }},
		"devices": {func(s *plan.Resources) { s.IOReadBPS = []plan.DeviceFigure{{Path: "/dev/a", Figure: 5}} }, "<read_bytes_sec>5<", "", func(s *Snapshot) bool {
			return slices.Equal(s.Limits.IOReadBPS, []domain.DeviceNumber{{Path: "/dev/a", Number: 5}})
		}},
		"no limit of tasks": {func(s *plan.Resources) { s.TasksMax = n(plan.Infinity) }, "<berth:pids max='4194304'/>", "", func(s *Snapshot) bool { return s.Limits.TasksMax == plan.Infinity }},
		"lacking processor": {func(s *plan.Resources) { s.AllowedCPUs, s.CPUWeight = []int{9}, n(7) }, "<shares>7<", "cpuset", func(s *Snapshot) bool { return s.Limits.AllowedCPUs == "9" }},
		"no place":          {func(s *plan.Resources) { s.MemoryHigh, s.IOWeight = n(900<<20), n(7) }, "<weight>7<", "soft_limit", func(s *Snapshot) bool { return s.Limits.MemoryHigh == 900<<20 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				s, u := running(t, w)
				w.takeEvents()
				w.setProperty(tc.alter)
				for range 3 {
					s.LimitsChanged("web.scope")
				}
				s.LimitsChanged("other.scope")
				synctest.Wait()
				look := func(s *Service, when string) {
					t.Helper()
					text, err := s.XML(u, false)
					for part := range strings.SplitSeq(tc.xml, " ") {
						if err != nil || !strings.Contains(text, part) || tc.absent != "" && strings.Contains(text, tc.absent) {
							t.Errorf("%s: %v, %s, want %s", when, err, text, part)
						}
					}
					if snap, _ := s.ByUUID(u); !tc.is(&snap) || !snap.Updated {
						t.Errorf("%s: %+v", when, snap)
					}
				}
				look(s, "now")
				if text, _ := s.XML(u, true); strings.Contains(text, tc.xml) {
					t.Errorf("the stored definition has it: %s", text)
				}
				w.kill(s)
				s = next(t, w)
				look(s, "with a later daemon")
				if err := s.Destroy(context.Background(), u); err != nil {
					t.Error(err)
				}
				synctest.Wait()
			})
		})
	}
}

// TestLimitsOfAnEndedOne: a change that is told when its container has ended changes nothing.
func TestLimitsOfAnEndedOne(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	c, _ := s.find(u)
	if err := s.Destroy(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	_ = c.lock(context.Background())
	s.agree(c, "web.scope")
	c.unlock()
	if snap, _ := s.ByUUID(u); snap.State != StateShutoff || snap.MemoryMax != 64<<20 {
		t.Errorf("it is %+v", snap)
	}
}

// TestDaemonDiesWhileTuning: when the daemon dies or fails while it changes limits, then the unit, the properties, the
// live definition and the note agree afterwards: on the new limit if it died, since that is in force, and on the old
// one if it failed.
func TestDaemonDiesWhileTuning(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"tune unit", "tune state"} {
		for _, dead := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				s, u := running(t, w)
				s.Reached = func(p string) error {
					if p == point && dead {
						return dies(w)(s)
					}
					if p == point {
						return errFault
					}
					return nil
				}
				var err error
				over := make(chan struct{})
				go func() {
					defer close(over)
					err = s.SetResources(context.Background(), u, memoryMax(32), TuneOptions{Live: true, Config: true})
				}()
				<-over
				want := uint64(32)
				if !dead {
					want = 64
					if !errors.Is(err, errFault) {
						t.Errorf("%s: %v", point, err)
					}
				} else {
					s = next(t, w)
				}
				snap, _ := s.ByUUID(u)
				text, _ := s.XML(u, false)
				unit := w.scopes["web.scope"].MemoryMax
				if snap.MemoryMax != want<<20 || *unit != want<<20 || strings.Contains(text, "<hard_limit unit='KiB'>32768<") != dead || strings.Contains(w.runs[u].Run.XML, "hard_limit") != dead {
					t.Errorf("%s, died %v: the property is %d, the unit has %d, the live XML is\n%s\nthe note has\n%s", point, dead, snap.MemoryMax, *unit, text, w.runs[u].Run.XML)
				}
				if text, _ := s.XML(u, true); strings.Contains(text, "hard_limit") {
					t.Errorf("%s, died %v: the stored definition is\n%s", point, dead, text)
				}
				if err := s.Destroy(context.Background(), u); err != nil {
					t.Error(err)
				}
				synctest.Wait()
			})
		}
	}
}
