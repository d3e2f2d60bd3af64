//go:build nest

package roots

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/berthd/berth/test/rig"
)

// archives is the variable with the paths of the root directories' archives, in the order of made. The nest sees the
// files of the machine.
const archives = "BERTH_ROOTS"

// made are the root directories that tools make outside of the nest, which has no network.
var made = []string{"debootstrap", "mmdebstrap", "mkosi", "archive"}

func TestMain(m *testing.M) {
	if os.Getenv(archives) == "" {
		build := exec.Command("./build", made...)
		build.Stderr = os.Stderr
		out, err := build.Output()
		if err == nil {
			err = os.Setenv(archives, strings.TrimSpace(string(out)))
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "roots: build: %v\n", err)
			os.Exit(1)
		}
	}
	os.Exit(rig.Main(m, rig.Options{Install: true, Files: []string{"examples", "docs/getting-started.md"}, Env: []string{archives}}))
}
