//go:build nest

package nest

import (
	"strings"
	"testing"
)

// deviceRows are the nodes of /dev, as stat(1) tells them: numbers (hexadecimal), mode, owner.
var deviceRows = []struct{ path, numbers, mode, owner string }{
	{"/dev/null", "1:3", "666", "0:0"},
	{"/dev/zero", "1:5", "666", "0:0"},
	{"/dev/full", "1:7", "666", "0:0"},
	{"/dev/random", "1:8", "666", "0:0"},
	{"/dev/urandom", "1:9", "666", "0:0"},
	{"/dev/tty", "5:0", "666", "0:0"},
	{"/dev/pts/ptmx", "5:2", "666", "0:0"},
	// Terminals of the container's own, numbered from 0. A user of group tty can write to them.
	{"/dev/console", "88:0", "620", "0:5"},
	{"/dev/pts/0", "88:0", "620", "0:5"},
	{"/dev/pts/1", "88:1", "620", "0:5"},
	{"/dev/pts/2", "88:2", "620", "0:5"},
}

// linkRows are the links of /dev. libvirt binds ptmx and the terminals; its page says links.
var linkRows = []struct{ path, target string }{
	{"/dev/fd", "/proc/self/fd"},
	{"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"},
	{"/dev/stderr", "/proc/self/fd/2"},
	{"/dev/ptmx", "pts/ptmx"},
	{"/dev/tty1", "pts/0"},
	{"/dev/tty2", "pts/1"},
	{"/dev/tty3", "pts/2"},
}

func checkDevices(t *testing.T, kind string, w world) {
	seen := pairs(t, w["nodes"])
	for _, row := range deviceRows {
		t.Run(strings.TrimPrefix(row.path, "/dev/"), func(t *testing.T) {
			want := row
			if kind == userns && !strings.HasPrefix(row.path, "/dev/pts") && row.path != "/dev/console" {
				want.owner = "65534:65534" // the host's own node: its root is nobody here
			}
			if got := seen[row.path]; got != "character special file,"+want.numbers+","+want.mode+","+want.owner {
				t.Errorf("got %q, want %+v", got, want)
			}
			delete(seen, row.path)
		})
	}
	if len(seen) > 0 {
		t.Errorf("there is more: %v", seen)
	}
}

func checkLinks(t *testing.T, w world) {
	seen := pairs(t, w["links"])
	for _, row := range linkRows {
		t.Run(strings.TrimPrefix(row.path, "/dev/"), func(t *testing.T) {
			if got := seen[row.path]; got != row.target {
				t.Errorf("it leads to %q, not %s", got, row.target)
			}
			delete(seen, row.path)
		})
	}
	if len(seen) > 0 {
		t.Errorf("there are more: %v", seen)
	}
}
