package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInNest: what changes the host is refused where no nest has left its mark.
func TestInNest(t *testing.T) {
	t.Parallel()
	mark := filepath.Join(t.TempDir(), "id")
	if err := inNest(mark); err == nil || !strings.Contains(err.Error(), "this is none: stat "+mark) {
		t.Error(err)
	}
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := inNest(mark); err != nil {
		t.Error(err)
	}
	boot, err := os.ReadFile("../rig/nest-boot")
	if err != nil || !strings.Contains(string(boot), "\"$top"+nestMark+"\"") {
		t.Errorf("nest-boot does not make %s: %v", nestMark, err)
	}
	if _, err := os.Stat(nestMark); err != nil { // otherwise it would do it
		if err := prepareLibvirt(); err == nil || !strings.Contains(err.Error(), "-inside is for a nest") {
			t.Error(err)
		}
	}
}
