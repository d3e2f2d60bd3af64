//go:build nest

package launch_test

import (
	"bytes"
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

// TestSpare: the supervisors of the next two containers wait already, without a container's name or directory, and have
// both once they have the container. One that somebody has killed is not missed. They end with the daemon.
func TestSpare(t *testing.T) {
	newBox(t, "sleep 1000").run(t) // those of other tests have their spare from then on
	settled(t, func() error {
		if n := len(spares(t)); n != 2 {
			return fmt.Errorf("there are %d spare supervisors", n)
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
	first := twoSpares(t, others)
	for range 2 {
		if pid := start(); !first[pid] {
			t.Errorf("the container has the supervisor %d; the spare ones were %v", pid, first)
		}
	}
	second := twoSpares(t, others)
	for pid := range second {
		if err := syscall.Kill(int(pid), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		gone(t, pid)
	}
	if pid := start(); second[pid] {
		t.Errorf("the container has the supervisor %d, which was killed", pid)
	}
	third := twoSpares(t, others)
	own.Close()
	for pid := range third {
		gone(t, pid)
	}
	start() // it needs none, and leaves none
	if now := spares(t); !maps.Equal(now, others) {
		t.Errorf("spare supervisors after the end: %v; before: %v", now, others)
	}
}

// twoSpares waits for the spare supervisors that are not among others, and returns their pids.
func twoSpares(t *testing.T, others map[uint32]bool) (own map[uint32]bool) {
	t.Helper()
	settled(t, func() error {
		own = spares(t)
		maps.DeleteFunc(own, func(pid uint32, _ bool) bool { return others[pid] })
		if len(own) != 2 {
			return fmt.Errorf("there are %d spare supervisors", len(own))
		}
		return nil
	})
	return own
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
