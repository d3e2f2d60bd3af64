package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// filesBelow are the texts of the files below a directory, and the directories with an empty text.
func filesBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		var text []byte
		if !e.IsDir() {
			text, err = os.ReadFile(path)
		}
		all[path[len(dir)+1:]] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestSocketUnitRewrites: a second call leaves nothing of the first that it does not write itself, and what was there
// can be restored.
func TestSocketUnitRewrites(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	idle := socketUnit{domain: "web", unit: "front", sockets: [][]string{{"ListenStream", "1"}}, proxy: "127.0.0.1:80", idle: "1s"}
	first, err := idle.write(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := idle.files()
	want["berth@web.service.d"] = ""
	if diff := cmp.Diff(want, filesBelow(t, dir)); diff != "" {
		t.Errorf("after the first (-want +got):\n%s", diff)
	}
	plain := socketUnit{domain: "web", unit: "front", sockets: [][]string{{"ListenStream", "2"}}}
	second, err := plain.write(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plain.files(), filesBelow(t, dir)); diff != "" {
		t.Errorf("after the second (-want +got):\n%s", diff)
	}
	if err := second.restore(); err != nil || !second.socket {
		t.Errorf("%v, %v", err, second.socket)
	}
	if diff := cmp.Diff(want, filesBelow(t, dir)); diff != "" {
		t.Errorf("restored the first (-want +got):\n%s", diff)
	}
	if err := first.restore(); err != nil || first.socket {
		t.Errorf("%v, %v", err, first.socket)
	}
	if diff := cmp.Diff(map[string]string{}, filesBelow(t, dir)); diff != "" {
		t.Errorf("restored nothing (-want +got):\n%s", diff)
	}
}

// TestSocketUnitOfAnother: units of another container, and files that berthctl has not written, stay as they are.
func TestSocketUnitOfAnother(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	u := socketUnit{domain: `we"b`, unit: "web", sockets: [][]string{{"ListenStream", "1"}}}
	if _, err := u.write(dir); err != nil {
		t.Fatal(err)
	}
	before := filesBelow(t, dir)
	other := u
	other.domain = "db"
	if _, err := other.write(dir); err == nil || !strings.Contains(err.Error(), `web.socket is of container 'we"b'; give another name by --unit`) {
		t.Errorf("of another container: %v", err)
	}
	if diff := cmp.Diff(before, filesBelow(t, dir)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, text := range []string{"[Service]\n", markStart, markStart + `"web`} {
		if err := os.WriteFile(filepath.Join(dir, "web.service"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := u.write(dir); err == nil || !strings.Contains(err.Error(), "web.service is not of berthctl") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
