//go:build clients

package clients

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/test/rig"
)

var update = flag.Bool("update", false, "write testdata anew")

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == greeter {
		os.Exit(greet())
	}
	flag.Parse()
	os.Exit(rig.Main(m, rig.Options{Root: "test/rig/clients/build", Install: true, Package: true, Goldens: true}))
}

// here is the directory of the package. Some tests leave it.
var here, _ = os.Getwd()

// golden compares a text with the file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(filepath.Join("/run/nest/out", name), []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(filepath.Join(here, "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("testdata/%s (-) and what was printed (+); -update writes it:\n%s", name, diff)
	}
}
