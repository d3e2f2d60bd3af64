//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/berthd/berth/test/rig"
)

func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case guestProgram:
		os.Exit(actAsGuest(os.Args[1:]))
	case userProgram:
		os.Exit(actAsUser(os.Args[1:]))
	}
	os.Exit(rig.Main(m, rig.Options{
		Install: true, Variants: true, Files: []string{"examples", "docs/dbus.md", "internal/lxcconf/testdata"}, Env: []string{"STORM", "SEED", "KINDS", "MANY", "CALLS"},
	}))
}
