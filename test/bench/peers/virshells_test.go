package peers

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeVirsh behaves as virsh does with a pipe for its input: it repeats each line after its prompt,
// and its errors come between the lines.
const fakeVirsh = `#!/bin/sh
printf 'Welcome to virsh\n\n'
while read -r command rest; do
	printf 'virsh # %s %s\n' "$command" "$rest"
	case $command in
	echo) echo "$rest" ;;
	start) case $rest in
		absent) echo "error: failed to get domain 'absent'" >&2 ;;
		die) exit 1 ;;
		hang) exec sleep 60 ;;
		*) printf "Domain '%s' started\n\n" "$rest" ;;
		esac ;;
	esac
done
`

func withFakeVirsh(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "virsh"), []byte(fakeVirsh), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// TestShells: a command's error is found in virsh's output, and a virsh that ends is replaced.
func TestShells(t *testing.T) {
	withFakeVirsh(t)
	pool := newShells(2)
	if err := pool.open(); err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for _, tt := range []struct{ name, command, fail string }{
		{"good", "start web", ""},
		{"good by the other", "start web", ""},
		{"bad", "start absent", "failed to get domain 'absent'"},
		{"good after bad", "start web", ""},
		{"virsh ends", "start die", "virsh ended"},
		{"the other shell goes on", "start web", ""},
		{"the dead one is replaced", "start web", ""},
	} {
		err := pool.do(t.Context(), tt.command)
		switch {
		case tt.fail == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.fail != "" && (err == nil || !strings.Contains(err.Error(), tt.fail)):
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.fail)
		}
	}
}

// TestShellsDeadline: a virsh that hangs is an error at the deadline.
func TestShellsDeadline(t *testing.T) {
	withFakeVirsh(t)
	pool := newShells(1)
	defer pool.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := pool.do(ctx, "start hang"); err == nil {
		t.Error("a virsh that hangs gave no error at the deadline")
	}
}
