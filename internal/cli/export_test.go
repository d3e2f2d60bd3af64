package cli

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/export/exporttest"
)

const exportedXML = `<domain type='lxc'>
  <name>web</name>
  <uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
  <memory unit='MiB'>512</memory>
  <os><type>exe</type><init>/sbin/init</init>USER</os>
  <devices>
    <filesystem type='mount'><source dir='ROOT'/><target dir='/'/></filesystem>
    <interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='br0'/></interface>
  </devices>
</domain>
`

// exportable has the service know a definition that can be exported, and returns its root.
func exportable(t testing.TB, f *fake, user ...string) (root string) {
	t.Helper()
	root = t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"passwd": "www:x:33:34::/:/bin/sh\n", "group": "more:x:40:www\n"} {
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.xml = strings.NewReplacer("ROOT", root, "USER", strings.Join(user, "")).Replace(exportedXML)
	d, err := domain.Parse([]byte(f.xml))
	if err != nil {
		t.Fatal(err)
	}
	f.plan = exporttest.Plan(t, d)
	return root
}

// treeOf returns the files and directories below a directory, with their permissions.
func treeOf(t *testing.T, dir string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		list = append(list, strings.TrimPrefix(path, dir)+" "+info.Mode().String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestExportOCI: export-oci writes the bundle into a directory that is new or empty, looks the user up in the root, and
// prints its warnings with their commands.
func TestExportOCI(t *testing.T) {
	t.Parallel()
	f := fleet()
	root := exportable(t, f, "<inituser>www</inituser>")
	for _, there := range []bool{false, true} {
		dir := filepath.Join(t.TempDir(), "bundle")
		if there {
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		got := run(t, f, "export-oci", "web", dir)
		if got.status != 0 || !strings.Contains(got.out, "Domain 'web' exported to "+dir+"; to run it: runc --systemd-cgroup run --bundle "+dir+" web\n") {
			t.Fatalf("%+v", got)
		}
		if !strings.Contains(got.err, "warning: domain/devices/interface: ") || !strings.Contains(got.err, "\n    ip link set vnet") {
			t.Errorf("%s", got.err)
		}
		want := []string{
			" drwxr-xr-x", "/config.json -rw-------", "/run-host drwxr-xr-x", "/run-host/container-manager -r--r--r--", "/run-host/container-uuid -r--r--r--",
			"/run-host/os-release -r--r--r--",
		}
		if diff := cmp.Diff(want, treeOf(t, dir)); diff != "" {
			t.Error(diff)
		}
		text, err := os.ReadFile(filepath.Join(dir, "config.json"))
		if err != nil {
			t.Fatal(err)
		}
		var c specs.Spec
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatal(err)
		}
		if c.Root.Path != root || c.Process.User.UID != 33 || c.Process.User.GID != 34 || !slices.Equal(c.Process.User.AdditionalGids, []uint32{40}) {
			t.Errorf("root %+v, user %+v", c.Root, c.Process.User)
		}
		if again := run(t, f, "export-oci", "web", dir); again.status == 0 || !strings.Contains(again.err, "is not empty") {
			t.Errorf("it overwrites: %+v", again)
		}
		if left, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(left) != 1 {
			t.Errorf("left: %v, %v", left, err)
		}
	}
	if got := run(t, f, "export-oci", "web", filepath.Join(t.TempDir(), "b"), "--inactive", "--json"); got.err != "" || !strings.Contains(got.out, `"commands": [`) {
		t.Errorf("%+v", got)
	}
	if !slices.Contains(f.calls, "XML inactive") || !slices.Contains(f.calls, "Plan inactive") {
		t.Errorf("%q", f.calls)
	}
}

// TestExportOCIRefuses: nothing is written for a user that is not found, or if the directory cannot be made.
func TestExportOCIRefuses(t *testing.T) {
	t.Parallel()
	f := fleet()
	exportable(t, f, "<inituser>nobody-here</inituser>")
	dir := t.TempDir()
	got := run(t, f, "export-oci", "web", dir+"/bundle")
	if got.status == 0 || !strings.Contains(got.err, "domain/os/inituser: a bundle has the user as a number") || len(treeOf(t, dir)) != 1 {
		t.Errorf("%+v, %q", got, treeOf(t, dir))
	}
	exportable(t, f)
	if got := run(t, f, "export-oci", "web", dir+"/not/there"); got.status == 0 || !strings.Contains(got.err, dir+"/not") || len(treeOf(t, dir)) != 1 {
		t.Errorf("%+v", got)
	}
	f.xml = "<domain type='lxc'><name>new</name></domain>"
	if got := run(t, f, "export-oci", "web", dir+"/bundle"); got.status == 0 || !strings.Contains(got.err, "read the definition: ") {
		t.Errorf("%+v", got)
	}
}

// TestExportNspawn: export-nspawn prints the settings or the drop-in, or writes each to a file that is not there yet;
// if one cannot be written, the other one is not there either.
func TestExportNspawn(t *testing.T) {
	t.Parallel()
	f := fleet()
	exportable(t, f)
	dir := t.TempDir()
	const settings, dropIn = "\n[Exec]\nBoot=no\n", "\n[Service]\nEnvironment="
	for name, c := range map[string]struct {
		args            []string
		status          int
		out, err, notIn string
		files           []string
	}{
		"printed":      {args: []string{}, out: settings, err: "note: the settings hold whole in /etc/systemd/nspawn/web.nspawn only", notIn: dropIn},
		"printed by -": {args: []string{"-"}, out: settings, notIn: dropIn},
		"drop-in":      {args: []string{"--unit", "-"}, out: dropIn, notIn: settings},
		"both printed": {args: []string{"-", "--unit", "-"}, status: 1, err: "one of the settings and the unit can go to standard output"},
		"both files":   {args: []string{"DIR/a/web.nspawn", "--unit", "DIR/b/berth.conf"}, files: []string{"a/web.nspawn", "b/berth.conf"}, notIn: "["},
		"json":         {args: []string{"--json"}, out: `"unit_path": "/etc/systemd/system/systemd-nspawn@web.service.d/berth.conf"`},
		"json to file": {args: []string{"--json", "DIR/x"}, status: 1, err: "with --json nothing is written"},
		"quiet":        {args: []string{"-q"}, out: settings, notIn: "note:"},
	} {
		own := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
		args := []string{"export-nspawn", "web"}
		for _, a := range c.args {
			args = append(args, strings.ReplaceAll(a, "DIR", own))
		}
		got := run(t, f, args...)
		if got.status != c.status || !strings.Contains(got.out, c.out) || !strings.Contains(got.err, c.err) || c.notIn != "" && strings.Contains(got.out+got.err, c.notIn) {
			t.Errorf("%s: %+v", name, got)
		}
		for _, file := range c.files {
			if _, err := os.Stat(filepath.Join(own, file)); err != nil {
				t.Error(err)
			}
		}
	}
	unit := filepath.Join(dir, "there")
	if err := os.WriteFile(unit, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := run(t, f, "export-nspawn", "web", dir+"/new", "--unit", unit)
	if text, _ := os.ReadFile(unit); got.status == 0 || !strings.Contains(got.err, "there is there already; remove it, or give another file") || string(text) != "mine" {
		t.Errorf("%+v, %q", got, text)
	}
	if _, err := os.Stat(dir + "/new"); err == nil {
		t.Error("the settings are left")
	}
}
