package foreign

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDropIns: the drop-ins of a container's unit come in the order in which systemd applies them: by their names, and
// of one name the container's before that of all, and an administrator's before a package's; a link to /dev/null hides
// a name, and who else can change one is told.
func TestDropIns(t *testing.T) {
	t.Parallel()
	const etc, usr, one, all = "/etc/systemd/system", "/usr/lib/systemd/system", "/systemd-nspawn@a-b.service.d", "/systemd-nspawn@.service.d"
	const escaped = `/systemd-nspawn@a\x2db.service.d`
	files := map[string]string{"/var/lib/machines/a-b/etc/x": ""}
	for _, name := range []string{
		etc + one + "/50-x.conf", usr + one + "/50-x.conf", etc + all + "/50-x.conf", etc + all + "/10.conf", "/etc/systemd/system.control" + one + "/50-M.conf",
		etc + escaped + "/60.conf", usr + all + "/hidden.conf", etc + one + "/README", "/run/systemd/system" + one + "/50.conf",
	} {
		files[name] = name
	}
	tree, dir := host(t, files)
	if err := os.Symlink("/dev/null", filepath.Join(dir, etc+one+"/hidden.conf")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, etc+escaped+"/60.conf"), 0o666); err != nil {
		t.Fatal(err)
	}
	found, err := Nspawn(tree)
	if err != nil || len(found.Containers) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	var want []DropIn
	for _, name := range []string{
		etc + all + "/10.conf", "/etc/systemd/system.control" + one + "/50-M.conf", etc + one + "/50-x.conf", "/run/systemd/system" + one + "/50.conf", etc + escaped + "/60.conf",
	} {
		want = append(want, DropIn{name, name})
	}
	c := found.Containers[0]
	if diff := cmp.Diff(want, c.DropIns); diff != "" || c.Fault != nil || len(c.Notes) > 0 {
		t.Errorf("%v, %v\n%s", c.Fault, c.Notes, diff)
	}
	if diff := cmp.Diff([]Doubt{{etc + escaped + "/60.conf", "everybody can write it"}}, c.Doubts); diff != "" {
		t.Error(diff)
	}
}
