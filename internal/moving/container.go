package moving

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/foreign"
	"github.com/berthd/berth/internal/lxcconf/syntax"
	"github.com/berthd/berth/internal/shellword"
)

// container decides about one container.
func container(ctx context.Context, d Daemon, k *known, o Options, c foreign.Container) (*Item, error) {
	i := &Item{Name: c.Name, File: c.File, Verdict: New, Autostart: c.Autostart, Running: c.Running, doubts: c.Doubts}
	for _, n := range c.Notes {
		i.warn(n.File, n.Line, n.Text)
	}
	if c.Fault != nil {
		i.fail(Impossible, c.Fault.Error())
		return i, nil
	}
	if err := i.convert(ctx, d, o, c); err != nil || i.Fails() {
		return i, err
	}
	list, err := d.ValidateXML(ctx, i.xml)
	if err != nil {
		return nil, err
	}
	if len(list) > 0 {
		i.fail(Impossible, faults(list))
		return i, nil
	}
	idle, err := d.WithoutEffect(ctx, i.xml, false)
	if err != nil {
		return nil, err
	}
	for _, f := range idle {
		i.warn(i.File, int(f.Line), f.Element+": "+f.Text)
	}
	def, err := parseDomain(i.xml)
	if err != nil {
		i.fail(Impossible, err.Error())
		return i, nil
	}
	if def.Name != c.Name { // libvirt names a file after its container
		i.fail(Impossible, fmt.Sprintf("the name inside is '%s'", def.Name))
		return i, nil
	}
	for _, n := range def.Interfaces {
		if n.Type == domain.InterfaceNetwork {
			i.networks = append(i.networks, n.Source)
		}
	}
	if i.doubt(o, c, def); i.Fails() {
		return i, nil
	}
	i.host(o, def)
	if err := i.compare(ctx, d, k, o, def); err != nil {
		return nil, err
	}
	i.then(o)
	return i, nil
}

// convert makes the definition of a container. What cannot be converted is impossible.
func (i *Item) convert(ctx context.Context, d Daemon, o Options, c foreign.Container) error {
	switch o.Source {
	case LXC:
		return i.convertLXC(ctx, d, o, c)
	case Nspawn:
		n := client.NativeOptions{Name: c.Name, File: c.File, Root: c.Root, Owner: c.Owner, Init: c.Init, Untrusted: c.Untrusted}
		for _, d := range c.DropIns {
			n.DropIns = append(n.DropIns, client.Text{Name: d.File, Text: d.Text})
		}
		return i.native(ctx, d, "nspawn", c.Text, n)
	}
	i.xml = c.Text
	return nil
}

// native has berthd convert a configuration.
func (i *Item) native(ctx context.Context, d Daemon, format, text string, o client.NativeOptions) error {
	n, err := d.ConvertNative(ctx, format, text, o)
	if reply, ok := errors.AsType[*client.Error](err); ok && reply.Details["file"] != nil {
		i.fail(Impossible, reply.Message)
		return nil
	}
	if err != nil {
		return err
	}
	i.xml = n.XML
	for _, w := range n.Warnings {
		i.warn(w.File, int(w.Line), w.Text)
	}
	return nil
}

// convertLXC reads the files that the configuration includes, and converts all. LXC's name of a container is that of
// its directory; the definition's comes from lxc.uts.name.
func (i *Item) convertLXC(ctx context.Context, d Daemon, o Options, c foreign.Container) error {
	n := client.NativeOptions{Name: c.Name, File: c.File, Files: map[string]string{}, Unread: map[string]string{}}
	config, err := syntax.Read(c.File, c.Text, func(name string) ([]syntax.Source, error) {
		list, doubts, err := o.Tree.Included(name)
		i.doubts = append(i.doubts, doubts...)
		switch {
		case err != nil:
			if of, ok := errors.AsType[*fs.PathError](err); ok {
				err = of.Err
			}
			n.Unread[name] = err.Error()
			return nil, err
		case len(list) == 0:
			n.Files[path.Clean(name)+"/"] = ""
		}
		for _, s := range list {
			n.Files[s.Name] = s.Text
		}
		return list, nil
	})
	if err != nil {
		i.fail(Impossible, err.Error())
		return nil
	}
	if err := i.native(ctx, d, "lxc-tools", c.Text, n); err != nil || i.Fails() {
		return err
	}
	for _, e := range config.Entries {
		switch e.Key {
		case "lxc.start.auto":
			i.Autostart = e.Value == "1"
			i.forget(e)
		case "lxc.uts.name", "lxc.utsname":
			if e.Value != c.Name {
				i.forget(e)
				i.warn(e.File, e.Line, fmt.Sprintf("%s: the container is called '%s', as its directory is, and so is its host; have '%s' in its /etc/hostname, which its init sets", e.Key, c.Name, e.Value))
			}
		}
	}
	i.xml = renamed(i.xml, c.Name)
	return nil
}

// forget takes the warning back that a line has no counterpart.
func (i *Item) forget(e syntax.Entry) {
	kept := i.Warnings[:0]
	for _, w := range i.Warnings {
		if w.File != e.File || w.Line != e.Line {
			kept = append(kept, w)
		}
	}
	i.Warnings = kept
}

// renamed returns a definition that berthd has written, with another name.
func renamed(text, name string) string {
	before, rest, _ := strings.Cut(text, "<name>")
	_, after, ok := strings.Cut(rest, "</name>")
	if !ok {
		return text
	}
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(name)) // a strings.Builder takes all
	return before + "<name>" + b.String() + "</name>" + after
}

// then says what the user has to do with the other manager.
func (i *Item) then(o Options) {
	if !i.Made() && i.Verdict != Same {
		return
	}
	name, of := shellword.Operand(i.Name), shellword.Quote(i.Name)
	stop, disable := "virsh -c lxc:/// shutdown "+name, "virsh -c lxc:/// autostart --disable "+name
	switch o.Source {
	case LXC:
		stop, disable = "lxc-stop -P "+shellword.Quote(path.Dir(path.Dir(i.File)))+" -n "+of, "lxc.start.auto = 0 in "+i.File
	case Nspawn:
		stop, disable = "machinectl poweroff "+name, "machinectl disable "+name
	}
	if i.Running {
		i.Then = append(i.Then, fmt.Sprintf("it runs under %s, and goes on there: %s, and then berthctl start %s", o.Source, stop, name))
	}
	if i.Autostart && o.Here {
		i.Then = append(i.Then, fmt.Sprintf("%s starts it with the host, too: %s", o.Source, disable))
	}
}
