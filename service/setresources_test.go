package service

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

func (d scopesFake) SetResources(_ context.Context, unit string, before, after *plan.Resources) error {
	err := d.call("scopes.SetResources")
	if err == nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.scopes[unit], d.tuned = *after, true
		d.limits = append(d.limits, fmt.Sprintf("%s %d to %d", unit, *before.MemoryMax>>20, *after.MemoryMax>>20))
	}
	return err
}

func memoryMax(mib uint64) []domain.Setting {
	return []domain.Setting{{Property: "MemoryMax", Number: mib << 20}}
}

// TestSetResources: live changes the scope, the live definition and the note; config the stored definition; neither
// means the one that counts. A later daemon has the live change.
func TestSetResources(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		o                 TuneOptions
		off, live, stored bool
	}{
		"live":        {TuneOptions{Live: true}, false, true, false},
		"config":      {TuneOptions{Config: true}, false, false, true},
		"both":        {TuneOptions{Live: true, Config: true}, false, true, true},
		"current":     {TuneOptions{}, false, true, false},
		"current off": {TuneOptions{}, true, false, true},
		"config off":  {TuneOptions{Config: true}, true, false, true},
	} {
		w := newWorld()
		s, u := running(t, w)
		if tc.off {
			if err := s.Destroy(context.Background(), u); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.SetResources(context.Background(), u, memoryMax(32), tc.o); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := []string(nil)
		if tc.live {
			want = []string{"web.scope 64 to 32"}
		}
		if !slices.Equal(w.limits, want) {
			t.Errorf("%s: systemd was told %v, want %v", name, w.limits, want)
		}
		const limit = "<hard_limit unit='KiB'>32768<"
		look := func(s *Service, when string) {
			t.Helper()
			for inactive, is := range map[bool]bool{false: tc.live || tc.off, true: tc.stored} {
				if text, err := s.XML(u, inactive); err != nil || strings.Contains(text, limit) != is {
					t.Errorf("%s, %s: inactive %v: %v, %s", name, when, inactive, err, text)
				}
			}
			snap, _ := s.ByUUID(u)
			if is := snap.MemoryMax == 32<<20; is != (tc.live || tc.off) || snap.Limits.Memory != 64<<20 {
				t.Errorf("%s, %s: MemoryMax is %d, Memory %d", name, when, snap.MemoryMax, snap.Limits.Memory)
			}
			if when == "now" && snap.Updated != (tc.live != tc.stored && !tc.off) {
				t.Errorf("%s, %s: updated is %v", name, when, snap.Updated)
			}
		}
		look(s, "now")
		w.kill(s)
		next := w.service(t)
		announce, err := next.Recover(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		announce()
		look(next, "with a later daemon")
	}
}

// TestSetResourcesRefused: what cannot be is refused, and nothing is changed.
func TestSetResourcesRefused(t *testing.T) {
	t.Parallel()
	tasks := []domain.Setting{{Property: "CPUWeight", Number: 5}, {Property: "TasksMax", Number: 63}}
	for name, tc := range map[string]struct {
		list  []domain.Setting
		o     TuneOptions
		fault string
		off   bool
		want  string
	}{
		"below use":          {memoryMax(9), TuneOptions{Live: true}, "", false, "MemoryMax: 9216 is below what the container uses: 10240 KiB of memory"},
		"out of range":       {tasks, TuneOptions{Live: true}, "", false, "not a number of processes from 64"},
		"live, off":          {memoryMax(32), TuneOptions{Live: true}, "", true, "domain is not running"},
		"systemd":            {memoryMax(32), TuneOptions{Live: true, Config: true}, "scopes.SetResources", false, "fault"},
		"definition":         {memoryMax(32), TuneOptions{Live: true, Config: true}, "definitions.Save", false, "fault"},
		"note":               {memoryMax(32), TuneOptions{Live: true, Config: true}, "runs.Save running", false, "fault"},
		"lacking processor":  {[]domain.Setting{{Property: "AllowedCPUs", Set: "9"}}, TuneOptions{Live: true}, "", false, "the host has no processor 9"},
		"lacking controller": {[]domain.Setting{{Property: "AllowedCPUs", Set: "0"}}, TuneOptions{Live: true}, "cgroup.Has cpuset.cpus", false, "domain/vcpu@cpuset: the control group"},
		"unknown":            {[]domain.Setting{{Property: "Nice"}}, TuneOptions{Config: true}, "", false, "Nice: it is no limit"},
	} {
		w := newWorld()
		s, u := running(t, w)
		if tc.off {
			if err := s.Destroy(context.Background(), u); err != nil {
				t.Fatal(err)
			}
		}
		before, _ := s.ByUUID(u)
		live, _ := s.XML(u, false)
		stored, _ := s.XML(u, true)
		w.fault = tc.fault
		err := s.SetResources(context.Background(), u, tc.list, tc.o)
		w.fault = ""
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
		if len(w.limits)%2 != 0 || len(w.limits) == 2 && w.limits[1] != "web.scope 32 to 64" {
			t.Errorf("%s: systemd was told %v", name, w.limits)
		}
		after, _ := s.ByUUID(u)
		liveNow, _ := s.XML(u, false)
		storedNow, _ := s.XML(u, true)
		if after.MemoryMax != before.MemoryMax || !reflect.DeepEqual(after.Limits, before.Limits) || liveNow != live || storedNow != stored {
			t.Errorf("%s: it became %+v\n%s\n%s", name, after, liveNow, storedNow)
		}
	}
}

// TestSetResourcesTransient: a transient container has no stored definition to change.
func TestSetResourcesTransient(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	if err := s.Undefine(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	if err := s.SetResources(context.Background(), u, memoryMax(32), TuneOptions{Config: true}); !errors.Is(err, ErrTransient) {
		t.Error(err)
	}
	if err := s.SetResources(context.Background(), u, memoryMax(32), TuneOptions{}); err != nil {
		t.Error(err)
	}
}
