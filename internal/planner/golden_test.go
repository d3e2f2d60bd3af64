package planner

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/test/goldenfile"
)

func testHost() Host {
	return Host{ContainerEnv: "libvirt-lxc", Path: "/bin:/usr/bin", OSRelease: "ID=host\n", MQueue: true, ProcView: true}
}

func load(t *testing.T, file string) *domain.Def {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d, err := domain.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return d
}

func asJSON(t *testing.T, p *plan.Plan) []byte {
	t.Helper()
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(p); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// TestGolden: the whole plan of each definition is its golden JSON, and the definition is not
// changed.
func TestGolden(t *testing.T) {
	t.Parallel()
	var files []string
	for _, pattern := range []string{"testdata/*.xml", "../../examples/*.xml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(found), err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			d := load(t, file)
			p := Build(d, testHost())
			if strings.HasSuffix(file, "devices.xml") {
				AddDevices(p, testDevices())
			}
			if diff := cmp.Diff(load(t, file), d); diff != "" {
				t.Errorf("the definition was changed:\n%s", diff)
			}
			checkPlan(t, p)
			golden := "testdata/" + strings.TrimSuffix(filepath.Base(file), ".xml") + ".json"
			got := asJSON(t, p)
			goldenfile.Check(t, golden, string(got))
		})
	}
}

// checkPlan: what every plan must be, so that no golden file is written anew without it.
func checkPlan(t *testing.T, p *plan.Plan) {
	t.Helper()
	for _, list := range [][]plan.Mount{p.Mounts, p.Filesystems, {p.Cgroup}} {
		for _, m := range list {
			if !filepath.IsAbs(m.Target) || m.Target == "/" {
				t.Errorf("the target of %+v", m)
			}
			bad := true
			switch m.Kind {
			case plan.MountNew:
				bad = m.Type == "" || m.Type != "tmpfs" && len(m.Files) > 0 || m.From != "" || m.Source != 0
			case plan.MountInner:
				bad = !filepath.IsAbs(m.From) || m.Type != "" || m.Source != 0
			case plan.MountBootID:
				bad = m.Type != "" || m.From != "" || m.Source != 0
			case plan.MountView:
				bad = !p.ProcView || m.From == ""
			case plan.MountSource: // 0 is the root
				bad = m.Source < 1 || m.Source >= len(p.Sources) || m.Type != "" || (m.From != "") != (p.Sources[m.Source].Kind == plan.SourceNodes)
			}
			if bad {
				t.Errorf("the mount %+v", m)
			}
		}
	}
	for _, s := range p.Sources {
		if !filepath.IsAbs(s.Path) || s.IDMapped && !p.Namespaces.User {
			t.Errorf("the source %+v", s)
		}
	}
	again, err := plan.Unpack(p.Pack())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, again); diff != "" {
		t.Errorf("packed, it is another:\n%s", diff)
	}
}
