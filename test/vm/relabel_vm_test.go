//go:build vm

package vm

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

const relabels = "<memory unit='MiB'>64</memory><seclabel type='dynamic' model='selinux' relabel='yes'/>"

// fileLabels reads the labels of all files of a tree.
func fileLabels(t testing.TB, dir string) map[string]string {
	t.Helper()
	labels := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		value := make([]byte, 256)
		n, err := unix.Lgetxattr(path, "security.selinux", value)
		labels[strings.TrimPrefix(path, dir)] = strings.TrimRight(string(value[:max(n, 0)]), "\x00")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return labels
}

// many puts files into a directory of a container's root, by other labels than the rest.
func many(t testing.TB, g *guest, files int) {
	t.Helper()
	dir := filepath.Join(g.root, "data")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for n := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint("file", n)), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "chcon", "-R", "system_u:object_r:etc_t:s0:c3", dir)
}

// awaitLabel waits until some file of a root has a label for containers.
func awaitLabel(t testing.TB, g *guest, file string) {
	t.Helper()
	for begin := time.Now(); time.Since(begin) < time.Minute; time.Sleep(5 * time.Millisecond) {
		if strings.Contains(fileLabels(t, filepath.Join(g.root, file))[""], "container_file_t") {
			return
		}
	}
	t.Fatalf("%s was not relabelled", file)
}

// TestRelabelledRoot: with relabel='yes' a container runs confined from a root of any labels, which has the container's
// categories meanwhile. What it makes has the label of its directory afterwards, and all other files exactly their own.
// The policy denies no relabelling.
func TestRelabelledRoot(t *testing.T) {
	g := &guest{Name: "relabelled", More: relabels}
	g.define(t)
	many(t, g, 300)
	before := fileLabels(t, g.root)
	begin := time.Now()
	run(t, "berthctl", "start", g.Name)
	label := property(t, g.Name, "image_label")
	for path, got := range fileLabels(t, g.root) {
		if got != label {
			t.Errorf("%s has %s, not %s", path, got, label)
		}
	}
	if got := run(t, "berthctl", "exec", g.Name, "--", "/bin/cat", "/proc/self/attr/current"); !strings.Contains(got, "container_t") {
		t.Errorf("a command has %q", got)
	}
	run(t, "berthctl", "exec", g.Name, "--", "/bin/sh", "-c", "echo x > /data/new && mv /data/file1 /tmp/moved && rm /data/file2")
	run(t, "berthctl", "destroy", g.Name)
	want := before
	want["/data/new"], want["/tmp/moved"] = want["/data"], want["/data/file1"]
	delete(want, "/data/file1")
	delete(want, "/data/file2")
	if diff := cmp.Diff(want, fileLabels(t, g.root)); diff != "" {
		t.Errorf("labels before and after:\n%s", diff)
	}
	for _, line := range denials(t, begin) {
		if strings.Contains(line, "{ relabelfrom }") || strings.Contains(line, "{ relabelto }") {
			t.Errorf("denied: %s", line)
		}
	}
	if left, err := filepath.Glob("/var/lib/berth/labels/*"); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestKilledRelabel: a berthd that is killed while it relabels, and while a relabelled container runs, loses no label:
// the next one restores them exactly.
func TestKilledRelabel(t *testing.T) {
	g := &guest{Name: "killed", More: relabels}
	g.define(t)
	many(t, g, 3000)
	before := fileLabels(t, g.root)
	kill := func() {
		t.Helper()
		run(t, "systemctl", "kill", "--kill-whom=main", "--signal=KILL", "berthd.service")
		run(t, "systemctl", "restart", "berthd.service")
	}
	pid, err := strconv.Atoi(run(t, "systemctl", "show", "berthd.service", "--property=MainPID", "--value"))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan result, 1)
	go func() { ended <- try(t, "berthctl", "start", g.Name) }()
	awaitLabel(t, g, "data/file0")
	if err := unix.Kill(pid, unix.SIGKILL); err != nil { // at once: a process costs most of a second here
		t.Fatal(err)
	}
	run(t, "systemctl", "restart", "berthd.service")
	if r := <-ended; r.Status == 0 {
		t.Error("the start succeeded all the same: nothing was killed in its middle")
		run(t, "berthctl", "destroy", g.Name)
	}
	run(t, "berthctl", "start", g.Name) // waits for the restore
	kill()
	run(t, "berthctl", "destroy", g.Name)
	if diff := cmp.Diff(before, fileLabels(t, g.root)); diff != "" {
		t.Errorf("labels before and after:\n%s", diff)
	}
}

// TestRelabelRefused: directories of the host, and a root that another container uses, fail the start with the element,
// and no label is changed.
func TestRelabelRefused(t *testing.T) {
	host := &guest{Name: "host", More: relabels, Devs: "<filesystem type='mount'><source dir='/var/log'/><target dir='/mnt'/></filesystem>"}
	host.define(t)
	before := fileLabels(t, host.root)
	r := try(t, "berthctl", "start", host.Name)
	if r.Status != 1 || !strings.Contains(r.Err, "filesystem[2]") || !strings.Contains(r.Err, "/var/log") {
		t.Errorf("%+v", r)
	}
	if diff := cmp.Diff(before, fileLabels(t, host.root)); diff != "" {
		t.Error(diff)
	}
}

// TestRelabelledPlug: a directory that is attached to a container with relabel='yes' has its label, so that it can be
// used, and all files exactly their own again when it is detached, also by a later daemon, and when the container
// stops.
func TestRelabelledPlug(t *testing.T) {
	g := &guest{Name: "plugs", More: relabels}
	g.start(t)
	dir := t.TempDir()
	for _, name := range []string{"file", "below/file"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("words"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "chcon", "-R", "system_u:object_r:etc_t:s0:c3", filepath.Join(dir, "below"))
	device := filepath.Join(t.TempDir(), "device.xml")
	xml := "<filesystem type='mount'><source dir='" + dir + "'/><target dir='/data'/></filesystem>"
	if err := os.WriteFile(device, []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	before, label := fileLabels(t, dir), property(t, g.Name, "image_label")
	for _, end := range [][]string{{"detach-device", g.Name, device}, {"destroy", g.Name}} {
		run(t, "berthctl", "attach-device", g.Name, device)
		for path, got := range fileLabels(t, dir) {
			if got != label {
				t.Errorf("attached: %s has %s, not %s", path, got, label)
			}
		}
		if got := run(t, "berthctl", "exec", g.Name, "--", "/bin/cat", "/data/below/file"); got != "words" {
			t.Errorf("in the container: %s", got)
		}
		run(t, "systemctl", "kill", "--kill-whom=main", "--signal=KILL", "berthd.service")
		run(t, "berthctl", end...)
		if diff := cmp.Diff(before, fileLabels(t, dir)); diff != "" {
			t.Errorf("%s: labels before and after:\n%s", end[0], diff)
		}
	}
	if left, err := filepath.Glob("/var/lib/berth/labels/*"); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
