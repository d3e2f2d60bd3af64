//go:build nest

package nest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLargest: a definition with the largest values that can be defined also starts, and one with a larger value
// is refused when it is defined.
func TestLargest(t *testing.T) {
	clean(t)
	root := busybox(t)
	deep := t.TempDir()
	for len(deep) < 3600 {
		deep = filepath.Join(deep, strings.Repeat("d", 100))
	}
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	// Each line of the map has 17 bytes, but for the first hundred.
	ids := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "<uid start='%d' target='%d' count='1'/>", i, 4000000000+2*i)
		}
		return "<idmap>" + b.String() + "<gid start='0' target='100000' count='65536'/></idmap>"
	}
	sources := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "<filesystem><source dir='%s'/><target dir='/m/%d'/></filesystem>", deep, i)
		}
		return b.String()
	}
	partition := func(p string) string { return "<resource><partition>" + p + "</partition></resource>" }
	variable := func(n int) string {
		return "<initenv name='" + strings.Repeat("A", 65536) + "'>" + strings.Repeat("x", n-65537) + "</initenv>"
	}
	for name, c := range map[string]struct {
		largest, larger guest
		says            string
	}{
		"id map":           {guest{More: ids(247)}, guest{More: ids(248)}, "domain/idmap/uid[1]: the 248 ranges have"},
		"paths of sources": {guest{Devs: sources(260)}, guest{Devs: sources(300)}, "the limit is"},
		"name of a slice":  {guest{More: partition("/" + strings.Repeat("a", 200) + "/" + strings.Repeat("b", 48))}, guest{More: partition("/" + strings.Repeat("a", 200) + "/" + strings.Repeat("b", 49))}, "the name of its slice has 256 bytes"},
		"depth of a slice": {guest{More: partition(strings.Repeat("/a", 50))}, guest{More: partition(strings.Repeat("/a", 51))}, "its control group has a path"},
		"variable":         {guest{Args: variable(131071)}, guest{Args: variable(131072)}, "the kernel's limit is 131071"},
		"target":           {guest{Devs: "<filesystem><source dir='/srv'/><target dir='" + strings.Repeat("/a", 2047) + "'/></filesystem>"}, guest{Devs: "<filesystem><source dir='/srv'/><target dir='" + strings.Repeat("/a", 2048) + "'/></filesystem>"}, "the kernel's limit is 4095"},
		"dashes in a name": {guest{Name: "a" + strings.Repeat("-", 62) + "a"}, guest{Name: strings.Repeat("-", 232)}, "the limit is 231"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			for _, g := range []*guest{&c.largest, &c.larger} {
				g.Root, g.Init = root, "/bin/sleep"
				if g.Name == "" {
					g.Name = "web"
				}
				g.Args = "<initarg>1000</initarg>" + g.Args
			}
			if r := try(t, "berthctl", "create", c.largest.file(t)); r.Status != 0 {
				t.Errorf("the largest: %.300s", r.Err)
			} else {
				run(t, "berthctl", "destroy", c.largest.Name)
			}
			if r := try(t, "berthctl", "define", c.larger.file(t)); r.Status == 0 || !strings.Contains(r.Err, c.says) {
				t.Errorf("a larger one: %d, %.300s; want %q", r.Status, r.Err, c.says)
			}
		})
	}
}
