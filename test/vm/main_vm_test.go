//go:build vm

package vm

import (
	"os"
	"testing"

	"github.com/berthd/berth/test/rig"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "probe" {
		probe(os.Args[2:])
		return
	}
	os.Exit(rig.Main(m, rig.Options{VM: true, Install: true, Variants: true, After: nothingWasDenied, Env: []string{"STARTS"}}))
}
