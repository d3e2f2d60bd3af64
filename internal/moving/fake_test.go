package moving

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/foreign"
	"github.com/berthd/berth/internal/lxcconf"
	"github.com/berthd/berth/internal/lxcconf/syntax"
	"github.com/berthd/berth/internal/netxml"
	"github.com/berthd/berth/internal/nspawnconf"
)

// fake is a berthd in memory. It converts and checks as berthd does.
type fake struct {
	defs      map[string]*domain.Def
	autostart map[string]bool
	nets      map[string]*netxml.Def
	origins   map[string]string // of networks besides berth's
	netAuto   map[string]bool
	fails     string             // "METHOD NAME" of the call that fails
	cuts      context.CancelFunc // the call of fails is done, but its answer does not come
	calls     []string
}

func newFake() *fake {
	return &fake{map[string]*domain.Def{}, map[string]bool{}, map[string]*netxml.Def{}, map[string]string{}, map[string]bool{}, "", nil, nil}
}

var errInjected = errors.New("injected")

func (f *fake) change(method, name string) error {
	call := method + " " + name
	f.calls = append(f.calls, call)
	if call == f.fails && f.cuts == nil {
		return errInjected
	}
	return nil
}

// answer is the end of a call that was done.
func (f *fake) answer(ctx context.Context, method, name string) error {
	if f.cuts != nil && method+" "+name == f.fails {
		f.cuts()
		f.fails = ""
		return ctx.Err()
	}
	return nil
}

func (f *fake) at(p client.Path) string { return string(p) }

func (f *fake) ConvertNative(_ context.Context, format, text string, o client.NativeOptions) (n client.Native, err error) {
	if format == "nspawn" {
		to := nspawnconf.Options{Name: o.Name, Root: o.Root, Owner: o.Owner, Init: o.Init, Untrusted: o.Untrusted}
		for _, d := range o.DropIns {
			to.DropIns = append(to.DropIns, nspawnconf.DropIn{File: d.Name, Text: d.Text})
		}
		r, err := nspawnconf.Convert(o.File, text, to)
		if err != nil {
			return n, &client.Error{Message: err.Error(), Details: map[string]any{"file": o.File}}
		}
		n.XML = r.XML
		for _, w := range r.Warnings {
			n.Warnings = append(n.Warnings, client.Lost{File: w.File, Line: uint32(w.Line), Text: w.Text})
		}
		return n, nil
	}
	r, err := lxcconf.Convert(o.File, text, lxcconf.Options{Name: o.Name, Read: syntax.Files(o.Files, o.Unread)})
	if err != nil {
		return n, &client.Error{Message: err.Error(), Details: map[string]any{"file": o.File}}
	}
	n.XML = r.XML
	for _, w := range r.Warnings {
		n.Warnings = append(n.Warnings, client.Lost{File: w.File, Line: uint32(w.Line), Text: w.Text})
	}
	return n, nil
}

func (f *fake) ValidateXML(_ context.Context, xml string) (list []client.Fault, _ error) {
	_, err := domain.Parse([]byte(xml))
	if several, ok := errors.AsType[*domain.Errors](err); ok {
		for _, e := range several.List {
			list = append(list, client.Fault{Element: e.Element, Line: uint32(e.Line), Text: e.Text})
		}
	} else if e, ok := errors.AsType[*domain.Error](err); ok {
		list = append(list, client.Fault{Element: e.Element, Line: uint32(e.Line), Text: e.Text})
	}
	return list, nil
}

func (f *fake) WithoutEffect(_ context.Context, xml string, _ bool) (list []client.Fault, _ error) {
	if before, _, ok := strings.Cut(xml, "<memballoon"); ok {
		list = append(list, client.Fault{Kind: "warning", Element: "domain/devices/memballoon", Line: uint32(1 + strings.Count(before, "\n")), Text: "it has no effect"})
	}
	return list, nil
}

func (f *fake) List(context.Context, client.Filter) (list []client.Summary, _ error) {
	for name, d := range f.defs {
		list = append(list, client.Summary{Name: name, UUID: d.UUID.String(), Path: client.Path(name)})
	}
	return list, nil
}

func (f *fake) Info(_ context.Context, p client.Path) (client.Info, error) {
	return client.Info{Name: f.at(p), Persistent: true, Autostart: f.autostart[f.at(p)]}, nil
}

func (f *fake) XML(_ context.Context, p client.Path, _ client.Definition) (string, error) {
	return f.defs[f.at(p)].Format(domain.FormatOptions{})
}

func (f *fake) Define(ctx context.Context, xml string) (client.Path, error) {
	d, err := domain.Parse([]byte(xml))
	if err != nil {
		return "", err
	}
	if err := f.change("Define", d.Name); err != nil {
		return "", err
	}
	if d.UUID.IsZero() { // berthd chooses them
		d.UUID, _ = domain.ParseUUID(fmt.Sprintf("00000000-0000-4000-8000-%012d", len(f.calls)))
	}
	for n := range d.Interfaces {
		if d.Interfaces[n].MAC == (domain.MAC{}) {
			d.Interfaces[n].MAC, _ = domain.ParseMAC("", "52:54:00:00:00:0"+fmt.Sprint(n))
		}
	}
	if d.Extension.AutoIDMap && !d.IDMap.Enabled() {
		list := []domain.IDRange{{Start: 0, Target: 524288, Count: 65536}}
		d.IDMap = domain.IDMap{UIDs: list, GIDs: list}
	}
	f.defs[d.Name] = d
	return client.Path(d.Name), f.answer(ctx, "Define", d.Name)
}

func (f *fake) Undefine(_ context.Context, p client.Path) error {
	if err := f.change("Undefine", f.at(p)); err != nil {
		return err
	}
	delete(f.defs, f.at(p))
	delete(f.autostart, f.at(p))
	return nil
}

func (f *fake) Redefine(ctx context.Context, p client.Path, _, xml string) error {
	if err := f.change("Redefine", f.at(p)); err != nil {
		return err
	}
	d, err := domain.Parse([]byte(xml))
	if err == nil {
		f.defs[f.at(p)] = d
		err = f.answer(ctx, "Redefine", f.at(p))
	}
	return err
}

func (f *fake) SetAutostart(ctx context.Context, p client.Path, on bool) error {
	if err := f.change("SetAutostart", f.at(p)); err != nil {
		return err
	}
	f.autostart[f.at(p)] = on
	return f.answer(ctx, "SetAutostart", f.at(p))
}

func (f *fake) Networks(context.Context) (list []client.Network, _ error) {
	for name, d := range f.nets {
		list = append(list, client.Network{Name: name, UUID: d.UUID.String(), Bridge: d.Bridge, Origin: "berth", Autostart: f.netAuto[name]})
	}
	for name, origin := range f.origins {
		if f.nets[name] == nil {
			list = append(list, client.Network{Name: name, Origin: origin, Active: origin == "libvirt"})
		}
	}
	return list, nil
}

func (f *fake) NetworkXML(_ context.Context, name string, _ client.Definition) (string, error) {
	return f.nets[name].Format()
}

func (f *fake) DefineNetwork(ctx context.Context, xml string) (string, error) {
	d, err := netxml.Parse([]byte(xml))
	if err != nil {
		return "", err
	}
	if err := f.change("DefineNetwork", d.Name); err != nil {
		return "", err
	}
	f.nets[d.Name] = d.Complete(netxml.Chosen{UUID: netxml.NameUUID(d.Name), Bridge: "berth1"})
	return d.Name, f.answer(ctx, "DefineNetwork", d.Name)
}

func (f *fake) UndefineNetwork(_ context.Context, name string) error {
	delete(f.nets, name)
	delete(f.netAuto, name)
	return f.change("UndefineNetwork", name)
}

func (f *fake) SetNetworkAutostart(ctx context.Context, name string, on bool) error {
	if err := f.change("SetNetworkAutostart", name); err != nil {
		return err
	}
	f.netAuto[name] = on
	return f.answer(ctx, "SetNetworkAutostart", name)
}

// state is what a berthd has, in lines.
func (f *fake) state() string {
	var lines []string
	for name := range f.defs {
		lines = append(lines, fmt.Sprint("container ", name, " ", f.autostart[name]))
	}
	for name := range f.nets {
		lines = append(lines, fmt.Sprint("network ", name, " ", f.netAuto[name]))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// tree opens a copy of a host of testdata, with the links that start containers with the host.
func tree(t testing.TB, name string) *foreign.Tree {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", name))); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{
		"libvirt/etc/libvirt/lxc/autostart/web.xml": "/etc/libvirt/lxc/web.xml", "libvirt/etc/libvirt/lxc/autostart/mail_1.xml": "/etc/libvirt/lxc/mail_1.xml",
		"libvirt/etc/libvirt/lxc/autostart/db.xml.once": "/etc/libvirt/lxc/db.xml", "libvirt/etc/libvirt/qemu/networks/autostart/lab.xml": "/etc/libvirt/qemu/networks/lab.xml",
		"nspawn/etc/systemd/system/machines.target.wants/systemd-nspawn@build.service":        "/usr/lib/systemd/system/systemd-nspawn@.service",
		`nspawn/etc/systemd/system/machines.target.wants/systemd-nspawn@debian\x2d12.service`: "/usr/lib/systemd/system/systemd-nspawn@.service",
		"nspawn/var/lib/machines/linked": "/srv/elsewhere",
		"nspawn/var/lib/machines/out":    "/etc/systemd",
	} {
		of, link, _ := strings.Cut(link, "/")
		if of != name {
			continue
		}
		link = filepath.Join(dir, link)
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	if err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error { // whatever the umask is
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		return os.Chmod(name, 0o755)
	}); err != nil {
		t.Fatal(err)
	}
	tr, err := foreign.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tr.Close() })
	return tr
}
