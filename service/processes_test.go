package service

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/berthd/berth/internal/domain"
)

// TestProcessesThatDoNotEnd: while a process of a run lives, as one that waits for a device may, nothing of the run
// is released but its machine, whose leader has ended, and the container is not off. It is tried again until all have
// ended.
func TestProcessesThatDoNotEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s, u := running(t, w)
		w.fault = "cgroup.End"
		for range 2 {
			if err := s.Destroy(context.Background(), u); !errors.Is(err, errFault) {
				t.Errorf("destroy: %v", err)
			}
		}
		time.Sleep(3 * attachPause)
		synctest.Wait()
		if snap, _ := s.ByUUID(u); !snap.State.Active() || w.units["web.scope"] == 0 || len(w.machines) != 0 {
			t.Errorf("it is %s, and left are %q", snap.State, w.left())
		}
		w.mu.Lock()
		w.fault = ""
		w.mu.Unlock()
		time.Sleep(attachPause)
		synctest.Wait()
		if snap, _ := s.ByUUID(u); snap.State != StateShutoff || snap.Reason != ReasonDestroyed || len(w.left()) > 0 {
			t.Errorf("it is %s/%s, and left are %q", snap.State, snap.Reason, w.left())
		}
	})
}

// TestStartThatDoesNotEnd: a failed start whose processes do not end holds all that it has, is shown as stopping, and
// is released once they have ended.
func TestStartThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.service(t)
		u := define(t, s, "web")
		w.onCall("machines.Register", func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.fault = "cgroup.End"
		})
		s.Reached = func(point string) error {
			if point == "start init" {
				return errFault
			}
			return nil
		}
		if err := s.Start(context.Background(), u); !errors.Is(err, errFault) {
			t.Errorf("start: %v", err)
		}
		if snap, _ := s.ByUUID(u); snap.State != StateStopping || w.units["web.scope"] == 0 {
			t.Errorf("it is %s, and left are %q", snap.State, w.left())
		}
		w.mu.Lock()
		w.fault = ""
		w.mu.Unlock()
		time.Sleep(attachPause)
		synctest.Wait()
		if snap, _ := s.ByUUID(u); snap.State != StateShutoff || snap.Reason != ReasonFailed || len(w.left()) > 0 {
			t.Errorf("it is %s/%s, and left are %q", snap.State, snap.Reason, w.left())
		}
	})
}

// TestAdviseMemory: the error about a supervisor that was killed names a memory limit that is too low for a start,
// and no other error and no other limit is named.
func TestAdviseMemory(t *testing.T) {
	t.Parallel()
	killed := fmt.Errorf("%w: signal 9", ErrKilled)
	for name, tc := range map[string]struct {
		memory domain.Memory
		err    error
		want   string
	}{
		"low":                {domain.Memory{Max: 64}, killed, "the supervisor ended unexpectedly: signal 9; the memory limit of 64 KiB is probably too low to start"},
		"low by its limit":   {domain.Memory{Max: 65536, HardLimit: new(uint64(100))}, killed, "the supervisor ended unexpectedly: signal 9; the memory limit of 100 KiB is probably too low to start"},
		"enough":             {domain.Memory{Max: 65536}, killed, killed.Error()},
		"low, and no matter": {domain.Memory{Max: 64}, errors.New("mounts: no such file"), "mounts: no such file"},
	} {
		if got := adviseMemory(&domain.Def{Memory: tc.memory}, tc.err); got.Error() != tc.want || !errors.Is(got, tc.err) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}
