package store

import (
	"bytes"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/netxml"
	"github.com/berthd/berth/service"
)

// netStore is a store below a directory of the test's, and the texts that it logs.
func netStore(t *testing.T) (*Networks, NetworkPaths, *bytes.Buffer) {
	t.Helper()
	dir, log := t.TempDir(), &bytes.Buffer{}
	p := NetworkPaths{
		Own: filepath.Join(dir, "own"), Libvirt: filepath.Join(dir, "libvirt"), Shipped: filepath.Join(dir, "shipped"),
		Notes: filepath.Join(dir, "run", "networks"),
	}
	return NewNetworks(p, slog.New(slog.NewTextHandler(log, nil))), p, log
}

// networkFile writes a definition, as others do.
func networkFile(t *testing.T, dir, file, text string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func lab(t *testing.T) *netxml.Def {
	t.Helper()
	d, err := netxml.Parse([]byte("<network><name>lab</name><bridge name='lab0'/></network>"))
	if err != nil {
		t.Fatal(err)
	}
	return d.Complete(netxml.Chosen{UUID: netxml.NameUUID("lab")})
}

// found is what Load says, a line for each network.
func found(t *testing.T, n *Networks) (lines []string) {
	t.Helper()
	list, err := n.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		line := string(s.Origin) + " " + s.Name
		if s.Def != nil {
			line += " " + s.Def.Bridge
		}
		if s.Err != nil {
			line += ": " + s.Err.Error()
		}
		if s.Autostart {
			line += " auto"
		}
		lines = append(lines, line)
	}
	return lines
}

// TestNetworkDefinitions: a network is stored for root alone, found with its autostart, and removed. Missing
// directories are no error.
func TestNetworkDefinitions(t *testing.T) {
	t.Parallel()
	n, p, _ := netStore(t)
	if got := found(t, n); got != nil {
		t.Errorf("got %q", got)
	}
	if err := n.Save(lab(t)); err != nil {
		t.Fatal(err)
	}
	if err := n.SetAutostart("lab", true); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"berth lab lab0 auto"}, found(t, n)); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	if info, err := os.Stat(filepath.Join(p.Own, "lab.xml")); err != nil || info.Mode() != 0o600 {
		t.Errorf("got %v, %v", info, err)
	}
	for range 2 { // the second time there is nothing
		if err := n.SetAutostart("lab", false); err != nil {
			t.Error(err)
		}
		if err := n.Remove("lab"); err != nil {
			t.Error(err)
		}
	}
	if got := found(t, n); got != nil {
		t.Errorf("got %q", got)
	}
}

// TestNetworkLayers: our definition hides libvirt's of the same name, and that the one that came with Berth.
func TestNetworkLayers(t *testing.T) {
	t.Parallel()
	n, p, _ := netStore(t)
	text := func(bridge string) string {
		return "<network><name>default</name><bridge name='" + bridge + "'/></network>"
	}
	var steps [][]string
	for _, s := range []struct{ dir, bridge string }{{p.Shipped, "berth0"}, {p.Libvirt, "virbr0"}, {p.Own, "mine0"}} {
		networkFile(t, s.dir, "default.xml", text(s.bridge))
		steps = append(steps, found(t, n))
	}
	want := [][]string{{"shipped default berth0"}, {"libvirt default virbr0"}, {"berth default mine0"}}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

// TestNetworkUnreadable: a definition that cannot be used is found with the reason. Other files are none.
func TestNetworkUnreadable(t *testing.T) {
	t.Parallel()
	n, p, _ := netStore(t)
	networkFile(t, p.Own, "a.xml", "<network><name>b</name><bridge name='b0'/></network>")
	networkFile(t, p.Own, "c.xml", "<network>")
	networkFile(t, p.Own, "d.xml", "<network><name>d</name></network>")
	networkFile(t, p.Own, ".e.xml123", "<network>")
	networkFile(t, p.Own, "f.txt", "<network>")
	networkFile(t, p.Libvirt, "g.xml", "<network><name>g</name><forward mode='hostdev'/></network>")
	if err := os.Mkdir(filepath.Join(p.Own, "h.xml"), 0o700); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`berth a: the name inside is "b"`, "berth c: network/name: ", "berth d: it has no name of a bridge",
		"berth h: it is not a regular file", `libvirt g: network/forward@mode: "hostdev" is not supported`,
	}
	got := found(t, n)
	for i, line := range want {
		if len(got) != len(want) || !strings.HasPrefix(got[i], line) && !strings.Contains(got[i], "syntax") {
			t.Fatalf("want %q, got %q", want, got)
		}
	}
}

// TestNetworkNotes: a note is read as it was written, and one that is damaged is logged and hides no other.
func TestNetworkNotes(t *testing.T) {
	t.Parallel()
	n, p, log := netStore(t)
	d := lab(t)
	note := service.NetworkNote{Name: "lab", State: service.NoteActive, XML: "<network/>", Plan: *netxml.Build(d, netxml.Host{IPv6: true})}
	if err := n.SaveNote(note); err != nil {
		t.Fatal(err)
	}
	networkFile(t, p.Notes, "bad.json", "{")
	networkFile(t, p.Notes, ".lab.json17", "half")
	got, err := n.Notes()
	if diff := cmp.Diff([]service.NetworkNote{note}, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" || err != nil {
		t.Errorf("%v, want (-), got (+):\n%s", err, diff)
	}
	if !strings.Contains(log.String(), "bad.json") {
		t.Errorf("logged: %s", log)
	}
	if left, _ := filepath.Glob(filepath.Join(p.Notes, ".*")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	for range 2 {
		if err := n.DropNote("lab"); err != nil {
			t.Error(err)
		}
	}
}

// TestFirstAfterBoot: only the first daemon of a boot is the first.
func TestFirstAfterBoot(t *testing.T) {
	t.Parallel()
	n, p, _ := netStore(t)
	if err := os.MkdirAll(filepath.Dir(p.Notes), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false, false} {
		if got, err := n.FirstAfterBoot(); got != want || err != nil {
			t.Errorf("got %v, %v", got, err)
		}
	}
}
