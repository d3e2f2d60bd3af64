//go:build vm

package vm

import (
	"os"
	"testing"

	"github.com/berthd/berth/test/rig"
)

func TestMain(m *testing.M) {
	os.Exit(rig.Main(m, rig.Options{VM: true, Install: true, Variants: true}))
}
