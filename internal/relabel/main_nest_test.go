//go:build nest

package relabel

import (
	"testing"

	"github.com/berthd/berth/test/rig"
)

func runTests(m *testing.M) int { return rig.Main(m, rig.Options{}) }
