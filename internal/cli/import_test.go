package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// foreignHost makes the files of a host with a container and a network of libvirt's, and returns its root.
func foreignHost(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	domain := func(name, uuid string) string {
		return "<domain type='lxc'>\n  <name>" + name + "</name>\n  <uuid>" + uuid + "</uuid>\n  <memory>1024</memory>\n  <os><type>exe</type><init>/init</init></os>\n" +
			"  <devices>\n    <interface type='network'>\n      <source network='wide'/>\n    </interface>\n  </devices>\n</domain>\n"
	}
	for name, text := range map[string]string{
		"etc/libvirt/lxc/new.xml":            domain("new", "12345678-0000-4000-8000-000000000001"),
		"etc/libvirt/lxc/web.xml":            domain("web", "12345678-0000-4000-8000-000000000002"), // Berth has another one
		"etc/libvirt/lxc/autostart/new.xml":  "",
		"etc/libvirt/qemu/networks/wide.xml": "<network>\n  <name>wide</name>\n  <bridge name='virbr3'/>\n  <portgroup name='x'/>\n</network>\n",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

const importPreview = `network 'wide' from /etc/libvirt/qemu/networks/wide.xml: new
    warning: /etc/libvirt/qemu/networks/wide.xml:4: network/portgroup: this element is not supported: port groups are not supported
    note: berthctl net-start wide
container 'new' from /etc/libvirt/lxc/new.xml: new, starts with the host
container 'web' from /etc/libvirt/lxc/web.xml: cannot be imported: Berth has another container with this name, with the uuid 6695eb01-f6a4-8304-79aa-97f2502e193f
`

// TestImport: import shows what it does, does it only with --yes or after a yes, and its status tells that something
// could not be imported.
func TestImport(t *testing.T) {
	t.Parallel()
	root := foreignHost(t)
	const count = "1 container and 1 network to import.\n"
	const done = "Network 'wide' imported from /etc/libvirt/qemu/networks/wide.xml\nContainer 'new' imported from /etc/libvirt/lxc/new.xml\n\nTo do now:\n    network 'wide': berthctl net-start wide\n\nNot imported: container 'web'\n"
	for name, c := range map[string]struct {
		args   []string
		answer string
		want   outcome
		calls  string
	}{
		"preview": {[]string{"--dry-run"}, "", outcome{importPreview + count + "Cannot be imported: container 'web'\n", "", 1}, ""},
		"nobody":  {nil, "", outcome{importPreview, "error: nothing was imported: --yes imports this, and on a terminal you are asked\n", 1}, ""},
		"yes":     {[]string{"--yes"}, "", outcome{importPreview + done, "", 1}, "DefineNetwork Define SetAutostart"},
		"asked":   {nil, "y\n", outcome{importPreview + done, "Import 1 container and 1 network? [y/N]: ", 1}, "DefineNetwork Define SetAutostart"},
		"refused": {nil, "\n", outcome{importPreview + "Nothing was imported.\n", "Import 1 container and 1 network? [y/N]: ", 1}, ""},
		"one":     {[]string{"new", "--yes", "-q"}, "", outcome{strings.SplitAfter(importPreview, "host\n")[0], "", 0}, "DefineNetwork Define SetAutostart"},
	} {
		f := fleet()
		cfg := config(f)
		cfg.In, cfg.Asks = strings.NewReader(c.answer), c.answer != ""
		if got := runWith(t.Context(), cfg, append([]string{"import", "libvirt", "--root", root}, c.args...)...); got != c.want {
			t.Errorf("%s: got %+v\nwant %+v", name, got, c.want)
		}
		var calls []string
		for _, call := range f.calls {
			if word, _, _ := strings.Cut(call, " "); strings.Contains("DefineNetwork Define SetAutostart Undefine", word) {
				calls = append(calls, word)
			}
		}
		if got := strings.Join(calls, " "); got != c.calls {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestImportFails: a container that berthd refuses is told, undone with its network, and is the reason of the status.
func TestImportFails(t *testing.T) {
	t.Parallel()
	f := fleet()
	f.errs["Define"] = os.ErrInvalid
	got := run(t, f, "import", "libvirt", "new", "--yes", "--root", foreignHost(t))
	if got.status != 1 || got.err != "error: container 'new' was not imported: invalid argument\n" || !strings.Contains(strings.Join(f.calls, "\n"), "UndefineNetwork wide") {
		t.Errorf("%+v\n%v", got, f.calls)
	}
}

// connectedTo has a configuration connect to f as to berthd: the connection ends with the context that it is made for.
// It returns the calls that a connection was there for no more.
func connectedTo(cfg *Config, f *fake) (lost func() []string) {
	var conn context.Context
	var list []string
	cfg.Connect = func(ctx context.Context) (Daemon, error) {
		conn = ctx
		return f, nil
	}
	more := f.hook
	f.hook = func(method string) {
		if conn.Err() != nil {
			list = append(list, method)
		}
		if more != nil {
			more(method)
		}
	}
	return func() []string { return list }
}

// TestImportInterrupted: an import that is interrupted is undone, by a connection that is still there.
func TestImportInterrupted(t *testing.T) {
	t.Parallel()
	f := fleet()
	ctx, interrupt := context.WithCancel(t.Context())
	f.errs["Define"] = context.Canceled
	f.hook = func(method string) {
		if method == "Define" {
			interrupt()
		}
	}
	cfg := config(f)
	lost := connectedTo(&cfg, f)
	got := runWith(ctx, cfg, "import", "libvirt", "new", "--yes", "--root", foreignHost(t))
	if got.status != 1 || !strings.Contains(strings.Join(f.calls, "\n"), "UndefineNetwork wide") || len(lost()) > 0 {
		t.Errorf("%+v\n%v; not made: %v", got, f.calls, lost())
	}
}

// TestImportTrust: a configuration that everybody can write is refused, and imported with --trust.
func TestImportTrust(t *testing.T) {
	t.Parallel()
	root := foreignHost(t)
	if err := os.Chmod(filepath.Join(root, "etc/libvirt/lxc"), 0o777); err != nil {
		t.Fatal(err)
	}
	got := run(t, fleet(), "import", "libvirt", "new", "--dry-run", "--root", root)
	if got.status != 1 || !strings.Contains(got.out, "/etc/libvirt/lxc: everybody can write it; if you trust it, give --trust") || !strings.Contains(got.out, "not started by itself: ") {
		t.Errorf("%+v", got)
	}
	got = run(t, fleet(), "import", "libvirt", "new", "--yes", "--trust", "--root", root)
	if got.status != 0 || !strings.Contains(got.out, "warning: /etc/libvirt/lxc: everybody can write it") || !strings.Contains(got.out, "Container 'new' imported") {
		t.Errorf("%+v", got)
	}
}

// TestImportJSON: import --json prints one document, with what was decided and done.
func TestImportJSON(t *testing.T) {
	t.Parallel()
	got := run(t, fleet(), "import", "libvirt", "new", "--yes", "--json", "--root", foreignHost(t))
	for _, part := range []string{`"verdict": "new"`, `"imported": true`, `"line": 4`, `"autostart": true`, `"reason": null`} {
		if !strings.Contains(got.out, part) || got.status != 0 || got.err != "" {
			t.Errorf("%s: %+v", part, got)
		}
	}
}

// TestImportUsage: what cannot be meant is an error before anything is read.
func TestImportUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ line, want string }{
		{"import", "error: command 'import' requires <source> option\n"},
		{"import podman", "error: 'podman' is no source of containers: libvirt, lxc or nspawn\n"},
		{"import lxc --json", "error: --json needs --dry-run or --yes: nobody is asked\n"},
		{"import lxc --dry-run --yes", "error: options --dry-run and --yes are mutually exclusive\n"},
		{"-H there import lxc", "error: -H has no import; run berthctl there: ssh -t HOST berthctl import\n"},
		{"import lxc /no/such --dry-run", "error: LXC has no containers here: there is no /no/such\n"},
		{"import lxc --root /no/such", "error: open /no/such: no such file or directory\n"},
	} {
		if got := run(t, fleet(), strings.Split(c.line, " ")...); got.status != 1 || got.err != c.want {
			t.Errorf("%s: %+v", c.line, got)
		}
	}
}
