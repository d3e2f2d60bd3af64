//go:build nest

package units_test

import (
	"context"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestCycles: scopes of one name start and end as fast as it goes, in each of the ways in which
// they end.
func TestCycles(t *testing.T) {
	cases := []struct {
		name   string
		count  int
		settle time.Duration // the life of the scope
		kill   bool          // else systemd has to
	}{
		{"short life", 300, 0, true},
		{"settled", 30, 30 * time.Millisecond, true},
		{"with live processes", 3, 0, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := connect(t)
			for i := range c.count {
				cycle(t, h, i, c.settle, c.kill)
			}
			gone(t, "machine-test.scope")
		})
	}
}

func cycle(t *testing.T, h *host, i int, settle time.Duration, kill bool) {
	t.Helper()
	sleep := spawn(t, "sleep", "100")
	defer end(sleep)
	if _, err := h.client.Start(within(t, time.Minute), scope(sleep)); err != nil {
		t.Fatalf("cycle %d: %v", i, err)
	}
	time.Sleep(settle)
	if kill {
		end(sleep)
	}
	if err := h.client.Stop(within(t, time.Minute), "machine-test.scope"); err != nil {
		t.Fatalf("cycle %d: %v", i, err)
	}
}

// TestCyclesUnderReload: scopes start and end while systemd reloads, which says of each unit that
// it is gone.
func TestCyclesUnderReload(t *testing.T) {
	h := connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	var reloads atomic.Int64
	go func() {
		for ; ctx.Err() == nil; reloads.Add(1) {
			if err := exec.Command("systemctl", "daemon-reload").Run(); err != nil {
				ended <- err
				return
			}
		}
		ended <- nil
	}()
	for i := 0; i < 15 || reloads.Load() < 3 && len(ended) == 0; i++ {
		cycle(t, h, i, time.Duration(i%15)*2*time.Millisecond, true)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatalf("%d reloads: %v", reloads.Load(), err)
	}
	gone(t, "machine-test.scope")
}

// TestReexec: a stop that was ordered before systemd executes itself anew ends after it.
func TestReexec(t *testing.T) {
	h := connect(t)
	sleep := spawn(t, "sleep", "100")
	if _, err := h.client.Start(within(t, time.Minute), scope(sleep)); err != nil {
		t.Fatal(err)
	}
	systemctl(t, "daemon-reexec")
	systemctl(t, "stop", "--no-block", "machine-test.scope")
	ended := make(chan error, 1)
	ctx := within(t, time.Minute)
	go func() { ended <- h.client.Stop(ctx, "machine-test.scope") }()
	systemctl(t, "daemon-reexec")
	end(sleep)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	gone(t, "machine-test.scope")
}

// TestStopsUnderReexec: a stop whose call systemd took along into its end is asked again.
func TestStopsUnderReexec(t *testing.T) {
	h := connect(t)
	for i := range 10 {
		sleep := spawn(t, "sleep", "100")
		if _, err := h.client.Start(within(t, time.Minute), scope(sleep)); err != nil {
			t.Fatal(err)
		}
		reexec := spawn(t, "systemctl", "daemon-reexec")
		// It takes some 10 ms until systemd reads no more calls.
		time.Sleep(time.Duration(i) * 3 * time.Millisecond)
		end(sleep)
		if err := h.client.Stop(within(t, time.Minute), "machine-test.scope"); err != nil {
			t.Errorf("%d: %v", i, err)
		}
		_ = reexec.Wait()
		systemctl(t, "is-system-running", "--wait")
	}
	gone(t, "machine-test.scope")
}

// TestStartsUnderReexec: a start whose call systemd took along into its end is done by the new systemd.
func TestStartsUnderReexec(t *testing.T) {
	h := connect(t)
	for i := range 12 {
		sleep := spawn(t, "sleep", "100")
		reexec := spawn(t, "systemctl", "daemon-reexec")
		time.Sleep(time.Duration(i) * 3 * time.Millisecond)
		if made, err := h.client.Start(within(t, time.Minute), scope(sleep)); err != nil || !made {
			t.Errorf("%d: %v, %v", i, made, err)
		} else if group := groupOf(t, sleep.Process.Pid); !strings.HasSuffix(group, "/machine-test.scope") {
			t.Errorf("%d: the process is in %s", i, group)
		}
		_ = reexec.Wait()
		end(sleep)
		if err := h.client.Stop(within(t, time.Minute), "machine-test.scope"); err != nil {
			t.Errorf("%d: %v", i, err)
		}
		systemctl(t, "is-system-running", "--wait")
	}
	gone(t, "machine-test.scope")
}
