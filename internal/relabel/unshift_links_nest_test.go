//go:build nest

package relabel

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/shift"
)

// TestUnshiftOtherName: a file with a name out of the tree gets no rights of root there, also if an unshift was killed
// over it, or its owner is plain already, and it is told which; one without keeps its own.
func TestUnshiftOtherName(t *testing.T) {
	r := relabeler(t)
	above := t.TempDir()
	dir := filepath.Join(above, "tree")
	must(t, os.Mkdir(dir, 0o755))
	for name, f := range map[string]struct {
		owner int
		mode  uint32
		capab []byte
		mark  []byte
	}{
		"setuid":       {testBase, 0o4755, nil, nil},
		"setgid":       {testBase, 0o2755, nil, nil},
		"capabilities": {testBase, 0o755, capabilities(testBase), nil},
		"plain owner":  {0, 0o755, capabilities(testBase), nil},
		"killed":       {0, 0o755, nil, append(binary.LittleEndian.AppendUint32(nil, 0o4755), capabilities(0)...)},
		"harmless":     {testBase, 0o755, nil, nil},
	} {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, nil, 0o600))
		must(t, os.Link(path, filepath.Join(above, name)))
		must(t, os.Chown(path, f.owner, f.owner))
		must(t, unix.Chmod(path, f.mode))
		if f.capab != nil {
			must(t, unix.Setxattr(path, shift.Capability, f.capab, 0))
		}
		if f.mark != nil {
			must(t, unix.Setxattr(path, markName, f.mark, 0))
		}
	}
	alone := filepath.Join(dir, "alone")
	must(t, os.WriteFile(alone, nil, 0o600))
	must(t, os.Chown(alone, testBase, testBase))
	must(t, unix.Chmod(alone, 0o4755))
	o := Unshift{Path: dir, Map: shift.From(testBase), DryRun: true}
	dry := unshift(t, r, o)
	o.DryRun = false
	if out := unshift(t, r, o); out.Dropped != 5 || filepath.Dir(out.Of) != dir || dry.Dropped != 5 || filepath.Dir(dry.Of) != dir {
		t.Errorf("%+v, and dry %+v", out, dry)
	}
	for name, f := range tell(t, dir) {
		want := told{mode: unix.S_IFREG | 0o755}
		switch name {
		case "":
			continue
		case "/alone":
			want.mode |= unix.S_ISUID
		}
		if f != want {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if again := unshift(t, r, o); again.Dropped != 0 || again.Changed != 0 {
		t.Errorf("the second time %+v", again)
	}
}
