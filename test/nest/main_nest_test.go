//go:build nest

package nest

import (
	"os"
	"testing"

	"github.com/berthd/berth/test/rig"
)

func TestMain(m *testing.M) {
	os.Exit(rig.Main(m, rig.Options{
		Install: true, Variants: true, Files: []string{"examples"}, Env: []string{"STORM", "SEED", "KINDS", "MANY"},
	}))
}
