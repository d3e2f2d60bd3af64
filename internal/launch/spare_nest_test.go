//go:build nest

package launch_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/berthd/berth/internal/image"
	"github.com/berthd/berth/internal/launch"
)

// TestSpare: the supervisor of the next container waits already, without a container's name or directory, and has
// both once it has the container. One that somebody has killed is not missed. It ends with the daemon.
func TestSpare(t *testing.T) {
	newBox(t, "sleep 1000").run(t) // those of other tests have their spare from then on
	settled(t, func() error {
		if len(spares(t)) == 0 {
			return errors.New("there is no spare supervisor")
		}
		return nil
	})
	others := spares(t)
	own, err := launch.New(program, image.New(nil, "/run/berth-test-images.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	start := func() (pid uint32) {
		b := newBox(t, "sleep 1000")
		b.supervisors = own
		s := b.run(t)
		found, ok, err := own.Find(b.runDir)
		if err != nil || !ok || found.PID != s.PID() || found.Name != "box" {
			t.Errorf("found %+v, %v, %v; want pid %d, box", found, ok, err, s.PID())
		}
		return s.PID()
	}
	start()
	first := spare(t, others)
	if pid := start(); pid != first {
		t.Errorf("the container has the supervisor %d; the spare one was %d", pid, first)
	}
	second := spare(t, others)
	if err := syscall.Kill(int(second), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone(t, second)
	if pid := start(); pid == second {
		t.Errorf("the container has the supervisor %d, which was killed", pid)
	}
	third := spare(t, others)
	own.Close()
	gone(t, third)
	start() // it needs none, and leaves none
	if now := spares(t); !maps.Equal(now, others) {
		t.Errorf("spare supervisors after the end: %v; before: %v", now, others)
	}
}

// spare waits for a spare supervisor that is not one of others, and returns its pid.
func spare(t *testing.T, others map[uint32]bool) (pid uint32) {
	t.Helper()
	settled(t, func() error {
		for pid = range spares(t) {
			if !others[pid] {
				return nil
			}
		}
		return errors.New("there is no spare supervisor")
	})
	return pid
}

// spares are the spare supervisors that this process has started.
func spares(t *testing.T) map[uint32]bool {
	t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	found := map[uint32]bool{}
	for _, dir := range processes {
		args, _ := os.ReadFile(dir + "/cmdline")
		status, _ := os.ReadFile(dir + "/status")
		if !bytes.HasPrefix(args, []byte("berth-supervisor\x00(spare) ")) || !bytes.Contains(status, fmt.Appendf(nil, "\nPPid:\t%d\n", os.Getpid())) {
			continue
		}
		if at, err := os.Readlink(dir + "/cwd"); at != "/" && err == nil {
			t.Errorf("the spare supervisor is in %s", at)
		}
		var pid uint32
		if _, err := fmt.Sscan(strings.TrimPrefix(dir, "/proc/"), &pid); err != nil {
			t.Fatal(err)
		}
		found[pid] = true
	}
	return found
}
