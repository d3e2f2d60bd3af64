//go:build vm

package vm

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestUnshiftConfined: berthd in its domain takes a shifted root back to plain owners, with setuid bits and
// capabilities, and the container starts with its user namespace before and after. The policy denies nothing.
func TestUnshiftConfined(t *testing.T) {
	g := &guest{Name: "shifted", More: "<memory unit='MiB'>64</memory>" +
		"<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>"}
	g.define(t)
	file := filepath.Join(g.root, "etc", "program")
	if err := os.WriteFile(file, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(g.root, "etc", "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "chown", "-hR", "100000:100000", g.root)
	run(t, "chmod", "u+s", file)
	capability := "\x01\x00\x00\x02\x00\x20\x00\x00" + strings.Repeat("\x00", 12)
	if err := unix.Setxattr(file, "security.capability", []byte(capability), 0); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	run(t, "berthctl", "start", g.Name)
	if got := run(t, "berthctl", "exec", g.Name, "--", "/bin/stat", "-c", "%u:%g", "/", "/bin", "/etc/program"); strings.Join(strings.Fields(got), " ") != "0:0 0:0 0:0" {
		t.Errorf("shifted, inside: %s", got)
	}
	run(t, "berthctl", "destroy", g.Name)
	run(t, "berthctl", "unshift", g.Name)
	for _, name := range []string{"", "bin", "bin/sh", "etc/pipe", "etc/program"} {
		var st unix.Stat_t
		if err := unix.Lstat(filepath.Join(g.root, name), &st); err != nil || st.Uid != 0 || st.Gid != 0 {
			t.Errorf("%s belongs to %d:%d, %v", name, st.Uid, st.Gid, err)
		}
	}
	var st unix.Stat_t
	value := make([]byte, 64)
	n, err := unix.Getxattr(file, "security.capability", value)
	if unix.Stat(file, &st) != nil || st.Mode&0o7777 != 0o4755 || err != nil || string(value[:n]) != capability {
		t.Errorf("the program has the mode %o and the capabilities %x, %v", st.Mode, value[:max(n, 0)], err)
	}
	run(t, "berthctl", "start", g.Name)
	for _, line := range denials(t, begin) {
		if strings.Contains(line, "berthd") || strings.Contains(line, "berth_supervisor") {
			t.Errorf("denied: %s", line)
		}
	}
}
