package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFromNative: domxml-from-native prints the XML, and its warnings on standard error; it reads the files that the
// configuration names itself, and the name of the container from the directory.
func TestFromNative(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "web")
	for name, text := range map[string]string{
		"config":     "lxc.include = DIR/more.conf\nlxc.include = DIR/d\nlxc.include = DIR/empty\nlxc.include = DIR/gone\nlxc.include = /dev/zero\n",
		"more.conf":  "lxc.mount = DIR/fstab\n",
		"fstab":      "# none\n",
		"d/a.conf":   "lxc.tty.max = 1\n",
		"d/README":   "no\n",
		"empty/none": "no\n",
		"bad":        "\nlxc.tty.max 1\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "DIR", dir)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := fleet()
	want := outcome{"<domain/>\n", "warning: config:3: lxc.group: is lost\nwarning: config: no limit\n", 0}
	if got := run(t, f, "domxml-from-native", "lxc-tools", dir+"/config"); got != want {
		t.Errorf("%+v", got)
	}
	call := strings.ReplaceAll(strings.Join(f.calls, "\n"), dir, "DIR")
	for _, part := range []string{
		`ConvertNative lxc-tools "lxc.include = DIR/more.conf`, "{web DIR/config map[", "DIR/more.conf:lxc.mount = DIR/fstab", "DIR/fstab:# none", "DIR/d/a.conf:lxc.tty.max = 1", "DIR/empty/:",
		"DIR/gone:no such file or directory", "/dev/zero:it is neither a file nor a directory",
	} {
		if !strings.Contains(call, part) {
			t.Errorf("%q is not in %s", part, call)
		}
	}
	if strings.Contains(call, "README") {
		t.Errorf("README is in %s", call)
	}
	if got := run(t, f, "domxml-from-native", "--format", "lxc-tools", "--config", dir+"/config", "--json"); got.err != "" || !strings.Contains(got.out, `"line": null`) || !strings.Contains(got.out, `"xml": `) {
		t.Errorf("%+v", got)
	}
	if got := run(t, f, "domxml-from-native", "lxc-tools", dir+"/bad"); got.status != 1 || !strings.Contains(got.err, "/bad:2: lxc.tty.max: expecting an assignment") {
		t.Errorf("%+v", got)
	}
	if got := run(t, f, "domxml-to-native", "lxc-tools", "--domain", "web"); got.status != 1 || !strings.Contains(got.err, "this function is not supported by the connection driver: virConnectDomainXMLToNative") {
		t.Errorf("%+v", got)
	}
}
