//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"testing"
)

// TestEnteredSetUID: what berthd(8) warns of is so: a set-user-ID program that root of a container with a user
// namespace makes belongs to the host's root in the container's directory, so users must not reach that.
func TestEnteredSetUID(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.More = extension("<idmap mode='auto'/>")
	g.start(t)
	run(t, "berthctl", "exec", "web", "--", "/bin/sh", "-c", "cp /bin/busybox /tmp/id && chmod 4755 /tmp/id")
	file := filepath.Join(g.Root, "tmp", "id")
	got := run(t, "stat", "--format", "%u %a", file)
	if got != "0 4755" {
		t.Errorf("%s", got)
	}
	_ = os.Remove(file)
}
