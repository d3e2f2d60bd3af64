package moving

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/foreign"
	"github.com/berthd/berth/test/goldenfile"
)

// plan decides about a host of testdata.
func plan(t *testing.T, f *fake, source Source, names ...string) *Plan {
	t.Helper()
	p, err := Look(t.Context(), f, Options{Source: source, Tree: tree(t, string(source)), Names: names})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// carryAll imports all items of a plan, and returns the errors by name.
func carryAll(ctx context.Context, f *fake, p *Plan) map[string]error {
	done, errs := map[*Item]bool{}, map[string]error{}
	for _, network := range []bool{false, true} {
		for _, i := range p.Items {
			if i.Network == network && i.Made() && !done[i] {
				if _, err := p.Carry(ctx, f, i, done); err != nil {
					errs[i.Name] = err
				}
			}
		}
	}
	return errs
}

func text(p *Plan) string {
	var b strings.Builder
	warnings := func(indent string, list []Warning) {
		for _, w := range list {
			fmt.Fprintf(&b, "%s%s:%d: %s\n", indent, w.File, w.Line, w.Text)
		}
	}
	for _, i := range p.Items {
		kind := "container"
		if i.Network {
			kind = "network"
		}
		fmt.Fprintf(&b, "%s %s from %s: %s autostart=%v %s\n", kind, i.Name, i.File, i.Verdict, i.Autostart, i.Reason)
		warnings("    ", i.Warnings)
		for _, line := range slices.Concat(i.Changes, i.Then) {
			fmt.Fprintf(&b, "    %s\n", line)
		}
	}
	warnings("", p.Warnings)
	return b.String()
}

// TestLook: what is decided about each container and network of three hosts is in the golden file of its host, and so
// are the definitions.
func TestLook(t *testing.T) {
	t.Parallel()
	for _, source := range []Source{Libvirt, LXC, Nspawn} {
		f := newFake()
		taken, err := domain.Parse([]byte("<domain type='lxc'><name>zz-taken</name><uuid>11111111-1111-4111-8111-111111111111</uuid><memory>1024</memory><os><type>exe</type><init>/init</init></os></domain>"))
		if err != nil {
			t.Fatal(err)
		}
		f.defs["zz-taken"] = taken
		f.origins["default"] = "shipped"
		p := plan(t, f, source)
		got := text(p)
		for _, i := range p.Items {
			if i.Made() && source != Libvirt {
				got += "\n" + i.xml
			}
		}
		file := "testdata/" + string(source) + ".golden"
		goldenfile.Check(t, file, got)
		if len(f.calls) > 0 {
			t.Errorf("%s: a look has changed something: %v", source, f.calls)
		}
	}
}

// TestTwice: what was imported is there already, the same, also with what berthd has chosen; the uuid of a libvirt
// domain is kept.
func TestTwice(t *testing.T) {
	t.Parallel()
	for _, source := range []Source{Libvirt, LXC, Nspawn} {
		f := newFake()
		first := plan(t, f, source)
		if errs := carryAll(t.Context(), f, first); len(errs) > 0 {
			t.Fatal(errs)
		}
		state, calls := f.state(), len(f.calls)
		second := plan(t, f, source)
		made := 0
		for n, i := range second.Items {
			if first.Items[n].Made() {
				made++
				if i.Verdict != Same {
					t.Errorf("%s %s: %s %v", source, i.Name, i.Verdict, i.Changes)
				}
			}
		}
		if made < 5 {
			t.Errorf("%s: only %d were imported", source, made)
		}
		carryAll(t.Context(), f, second)
		if f.state() != state || len(f.calls) != calls {
			t.Errorf("%s: the second time has changed something: %v", source, f.calls[calls:])
		}
	}
}

// TestDiffers: a definition that differs stays unless it is to be replaced, and the difference is told in lines.
func TestDiffers(t *testing.T) {
	t.Parallel()
	f := newFake()
	carryAll(t.Context(), f, plan(t, f, Libvirt, "web"))
	f.defs["web"].Memory.Max, f.autostart["web"] = 400000, false
	p := plan(t, f, Libvirt, "web")
	web := p.Items[len(p.Items)-1]
	want := []string{"-   <memory unit='KiB'>400000</memory>", "+   <memory unit='KiB'>327680</memory>", "- it does not start with the host", "+ it starts with the host"}
	if diff := cmp.Diff(want, web.Changes); diff != "" || web.Verdict != Differs {
		t.Errorf("%s %s", web.Verdict, diff)
	}
	p, err := Look(t.Context(), f, Options{Source: Libvirt, Tree: tree(t, "libvirt"), Names: []string{"web"}, Replace: true})
	if err != nil {
		t.Fatal(err)
	}
	if errs := carryAll(t.Context(), f, p); len(errs) > 0 || f.defs["web"].Memory.Max != 327680 || !f.autostart["web"] {
		t.Errorf("%v %+v", errs, f.defs["web"].Memory)
	}
}

// TestAllOrNothing: whichever call of an import fails, nothing of that container and of the networks made for it is
// left, what was replaced is as it was, and the other containers are imported.
func TestAllOrNothing(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"Define web", "SetAutostart web", "DefineNetwork lab", "SetNetworkAutostart lab"} {
		f := newFake()
		f.fails = call
		errs := carryAll(t.Context(), f, plan(t, f, Libvirt, "web", "mail_1", "db"))
		if !errors.Is(errs["web"], errInjected) {
			t.Errorf("%s: %v", call, errs)
		}
		want := "container db false\ncontainer mail_1 true\nnetwork default false"
		if !strings.Contains(call, "lab") { // then a call for it alone succeeds
			want += "\nnetwork lab true"
		}
		if f.state() != want {
			t.Errorf("%s left:\n%s", call, f.state())
		}
	}
	f := newFake()
	carryAll(t.Context(), f, plan(t, f, Libvirt, "web"))
	f.defs["web"].Memory.Max, f.autostart["web"], f.fails = 400000, false, "SetAutostart web"
	p, err := Look(t.Context(), f, Options{Source: Libvirt, Tree: tree(t, "libvirt"), Names: []string{"web"}, Replace: true})
	if err != nil {
		t.Fatal(err)
	}
	if errs := carryAll(t.Context(), f, p); errs["web"] == nil || f.defs["web"].Memory.Max != 400000 {
		t.Errorf("%v %+v", errs, f.defs["web"].Memory)
	}
}

// TestInterrupted: whatever berthd has done of a call after the caller was interrupted is taken back: a definition, a
// replaced one, whether it starts with the host, and a network.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"Define web", "SetAutostart web", "DefineNetwork lab", "SetNetworkAutostart lab"} {
		f := newFake()
		ctx, cancel := context.WithCancel(t.Context())
		p := plan(t, f, Libvirt, "web")
		f.fails, f.cuts = call, cancel
		done := map[*Item]bool{}
		if _, err := p.Carry(ctx, f, p.Items[len(p.Items)-1], done); !errors.Is(err, context.Canceled) || f.state() != "" {
			t.Errorf("%s: %v\n%s", call, err, f.state())
		}
	}
	for _, call := range []string{"Redefine web", "SetAutostart web", "DefineNetwork lab", "SetNetworkAutostart lab"} {
		f := newFake()
		carryAll(t.Context(), f, plan(t, f, Libvirt, "web"))
		f.defs["web"].Memory.Max, f.autostart["web"], f.netAuto["lab"] = 400000, false, false
		stored, err := f.nets["lab"].Format()
		if err != nil {
			t.Fatal(err)
		}
		if f.nets["lab"], err = parseNetwork(strings.ReplaceAll(stored, "lab.example", "changed.example")); err != nil {
			t.Fatal(err)
		}
		before := f.state()
		p, err := Look(t.Context(), f, Options{Source: Libvirt, Tree: tree(t, "libvirt"), Names: []string{"web"}, Replace: true})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		f.fails, f.cuts = call, cancel
		done := map[*Item]bool{}
		if _, err := p.Carry(ctx, f, p.Items[len(p.Items)-1], done); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", call, err)
		}
		if f.state() != before || f.defs["web"].Memory.Max != 400000 || f.nets["lab"].Domain != "changed.example" {
			t.Errorf("%s: %s, %d, %+v", call, f.state(), f.defs["web"].Memory.Max, f.nets["lab"].Domain)
		}
	}
}

// TestSources: a source that is missing, one that is unknown, and a name that nobody has are errors that say so.
func TestSources(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		options Options
		want    string
	}{
		{Options{Source: Libvirt, Tree: tree(t, "lxc")}, "libvirt has no containers here: there is no /etc/libvirt/lxc"},
		{Options{Source: LXC, Tree: tree(t, "libvirt")}, "LXC has no containers here: there is no /var/lib/lxc"},
		{Options{Source: LXC, Tree: tree(t, "lxc"), Dir: "/var/lib/lxc", Names: []string{"nosuch"}}, "lxc has no container 'nosuch'"},
		{Options{Source: "docker", Tree: tree(t, "lxc")}, "'docker' is no source: libvirt, lxc or nspawn"},
	} {
		if _, err := Look(t.Context(), newFake(), c.options); err == nil || err.Error() != c.want {
			t.Errorf("%v", err)
		}
	}
}

// TestHere: on this host, a network that libvirt runs stays libvirt's, containers that need it are imported, and what
// else the user has to do is told. A root that is missing is a warning.
func TestHere(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.origins["lab"] = "libvirt"
	p, err := Look(t.Context(), f, Options{Source: Libvirt, Tree: tree(t, "libvirt"), Here: true, Names: []string{"web"}})
	if err != nil {
		t.Fatal(err)
	}
	carryAll(t.Context(), f, p)
	if p.Items[0].Verdict != Kept || f.state() != "container web true" {
		t.Errorf("%s\n%s", p.Items[0].Verdict, f.state())
	}
	for _, part := range []string{"its root: /srv/web is not there", "libvirt starts it with the host, too: virsh -c lxc:/// autostart --disable web", "to make it Berth's own: virsh net-destroy lab"} {
		if !strings.Contains(text(p), part) {
			t.Errorf("%q is not in\n%s", part, text(p))
		}
	}
}

// TestMissing: what the container needs of this host and is not there is told, each by its name; what is there is not.
func TestMissing(t *testing.T) {
	t.Parallel()
	def := &domain.Def{
		Filesystems: []domain.Filesystem{
			{Type: domain.FSMount, Source: "/srv/gone", Target: "/"},
			{Type: domain.FSFile, Source: "/srv/data.img", Target: "/data"},
			{Type: domain.FSMount, Source: "/etc", Target: "/etc"},
			{Type: domain.FSRAM, Target: "/run"},
			{Type: domain.FSBind, Source: "/inside", Target: "/there"},
		},
		Disks:       []domain.Disk{{Source: "/dev/vg/none", Target: "sda"}},
		Interfaces:  []domain.Interface{{Type: domain.InterfaceBridge, Source: "br9"}, {Type: domain.InterfaceDirect, Source: "lo"}, {Type: domain.InterfaceDirect, Source: "eno9"}},
		HostDevices: []domain.HostDevice{{Kind: domain.HostMisc, Source: "null"}, {Kind: domain.HostMisc, Source: "gone0"}, {Kind: domain.HostNet, Source: "eno8"}},
	}
	host := t.TempDir()
	for _, name := range []string{"etc", "dev/null", "sys/class/net/lo"} {
		if err := os.MkdirAll(filepath.Join(host, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := foreign.Open(host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tree.Close() }()
	for here, want := range map[bool]string{false: "", true: `its root: /srv/gone is not there
its file system /data: /srv/data.img is not there
its disk sda: /dev/vg/none is not there
the host has no bridge 'br9': make it before the container starts
the host has no interface 'eno9': make it before the container starts
its device: /dev/gone0 is not there
the host has no interface 'eno8': make it before the container starts
`} {
		i := &Item{File: "web.xml"}
		i.host(Options{Tree: tree, Here: here}, def)
		got := ""
		for _, w := range i.Warnings {
			got += w.Text + "\n"
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("here %v: %s", here, diff)
		}
	}
}

// TestOperands: a name that begins like an option is none in the commands that the user is told, and one with blanks is
// one word.
func TestOperands(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"web": "web", "-rf": "-- -rf", "-a b": "-- '-a b'", "a'b": `'a'\''b'`} {
		i := &Item{Name: name, Verdict: New, Running: true, Autostart: true}
		i.then(Options{Source: Libvirt, Here: true})
		n := &Item{Name: name, Network: true, Verdict: New, Autostart: true}
		n.thenNetwork(Options{Here: true})
		got := strings.Join(append(i.Then, n.Then...), "\n") + "\n"
		for _, command := range []string{"shutdown " + want + ",", "berthctl start " + want + "\n", "autostart --disable " + want + "\n", "net-autostart --disable " + want + "\n", "net-start " + want + "\n"} {
			if !strings.Contains(got, command) {
				t.Errorf("%q is not in\n%s", command, got)
			}
		}
	}
}
