package store

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLock: one process holds the lock, and it ends with the file and with the process. Record
// locks are between processes, so that the test needs a second one: itself.
func TestLock(t *testing.T) {
	if dir := os.Getenv("BERTH_LOCK"); dir != "" {
		if _, err := Lock(dir); err != nil {
			_, _ = os.Stdout.WriteString(err.Error())
			os.Exit(3)
		}
		os.Exit(0) // which gives it back
	}
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "berth")
	other := func() string {
		cmd := exec.Command(os.Args[0], "-test.run=^TestLock$")
		cmd.Env = append(os.Environ(), "BERTH_LOCK="+dir)
		out, err := cmd.Output()
		if err != nil {
			return err.Error() + ": " + string(out)
		}
		return ""
	}
	if got := other(); got != "" {
		t.Fatalf("nobody has it: %s", got)
	}
	held, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := other(); !strings.Contains(got, "another berthd is running") || !strings.Contains(got, dir) {
		t.Errorf("it is held: %q", got)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	if got := other(); got != "" {
		t.Errorf("it was given back: %s", got)
	}
	if _, err := Lock("/proc/self/status/x"); err == nil {
		t.Error("a directory that cannot be made")
	}
}
