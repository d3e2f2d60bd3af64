package arch

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the lists in testdata and test/claims.md anew")

// TestPrograms: each program links what was agreed to. A new entry costs memory and attack surface,
// and a reviewer shall see it.
func TestPrograms(t *testing.T) {
	t.Parallel()
	banned := map[string][]string{
		"berthd": {"net/http", "github.com/spf13/cobra", "github.com/gdamore/tcell/v2", module + "/internal/supervisor", module + "/internal/initproc"},
		"berthctl": {
			"net/http", module + "/service", module + "/machined", module + "/units", module + "/internal/launch",
			module + "/internal/store", module + "/internal/supervisor", module + "/internal/initproc",
		},
		// There is one per container, beside an untrusted guest.
		"berth-supervisor": {
			"net", "net/http", "encoding/xml", "encoding/json", "encoding/gob", "text/template", "log/slog", "os/exec",
			"github.com/godbus/dbus/v5", "github.com/spf13/cobra", "github.com/gdamore/tcell/v2", "libvirt.org/go/libvirtxml",
			"github.com/vishvananda/netlink", module + "/service", module + "/internal/domain",
		},
	}
	for program, bad := range banned {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			linked := linkedBy(t, program)
			for _, path := range bad {
				if slices.Contains(linked, path) {
					t.Errorf("%s links %s", program, path)
				}
			}
			golden := filepath.Join("testdata", "deps-"+program+".txt")
			got := strings.Join(linked, "\n") + "\n"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("what %s links, agreed (-) and now (+); go test ./test/arch -update writes it:\n%s", program, diff)
			}
		})
	}
}

// linkedBy lists the packages in a program, without the standard library's inner ones: those
// change with each release of Go.
func linkedBy(t *testing.T, program string) []string {
	t.Helper()
	var linked []string
	for _, p := range list(t, "-deps", "./cmd/"+program) {
		inner := p.Standard && (strings.Contains("/"+p.ImportPath+"/", "/internal/") || strings.HasPrefix(p.ImportPath, "vendor/"))
		if !inner {
			linked = append(linked, p.ImportPath)
		}
	}
	slices.Sort(linked)
	return linked
}
