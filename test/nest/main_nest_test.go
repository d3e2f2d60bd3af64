//go:build nest

package nest

import (
	"os"
	"testing"

	"github.com/berthd/berth/test/rig"
)

func TestMain(m *testing.M) {
	os.Exit(rig.Main(m, rig.Options{Install: true, Files: files()}))
}

// files are what the tests read of the repository: the examples, as soon as there are any.
func files() []string {
	const examples = "examples"
	if _, err := os.Stat("../../" + examples); err != nil {
		return nil
	}
	return []string{examples}
}
