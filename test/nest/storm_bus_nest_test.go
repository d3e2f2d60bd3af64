//go:build nest

package nest

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBusKilled: a host that loses its message bus has it again with the next call, and its containers
// never left.
func TestBusKilled(t *testing.T) {
	clean(t)
	sleeper(t, "on").start(t)
	sleeper(t, "paused").start(t)
	sleeper(t, "off").define(t)
	run(t, "berthctl", "suspend", "paused")
	names := []string{"on", "paused", "off"}
	look := func() (seen []string) {
		for _, name := range names {
			i := info(t, name)
			keeper := 0
			if i.Leader != 0 {
				keeper = keeperOf(i)
			}
			seen = append(seen, strings.Join([]string{name, i.State, pidOf(i.Leader), pidOf(uint32(keeper))}, " "))
		}
		return seen
	}
	before := look()
	first := daemon(t)
	if err := syscall.Kill(daemonOf("dbus-daemon")(""), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	busIsBack(t)
	eventually(t, func() error {
		if daemon(t) == first {
			return errors.New("the daemon goes on without a bus")
		}
		return nil
	})
	if diff := cmp.Diff(before, look()); diff != "" {
		t.Errorf("-before +after\n%s", diff)
	}
	if got := machines(t); len(got) != 2 {
		t.Errorf("machined knows %v", got)
	}
	run(t, "berthctl", "resume", "paused")
	for _, name := range []string{"on", "paused"} {
		run(t, "berthctl", "destroy", name)
	}
}
