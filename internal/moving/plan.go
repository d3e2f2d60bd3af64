package moving

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/foreign"
	"github.com/berthd/berth/internal/shellword"
)

// Source is a manager whose containers are brought.
type Source string

// The sources.
const (
	Libvirt Source = "libvirt"
	LXC     Source = "lxc"
	Nspawn  Source = "nspawn"
)

// Options say what is looked at.
type Options struct {
	Source  Source
	Tree    *foreign.Tree
	Here    bool     // the tree is this host's, so that what runs, and who else would start it, is of interest
	Dir     string   // of LXC's containers; "" is the one that LXC uses
	Names   []string // of containers; nil means all
	Replace bool     // other definitions in Berth are replaced
	Trust   bool     // files that others than root can change are taken as root's
}

// Plan is what a move would do. Networks come before the containers that need them.
type Plan struct {
	Items    []*Item
	Warnings []Warning // about the whole
}

// Look decides what a move does. It returns an error if the source or Berth cannot be read, or has no container with a
// name that is asked for.
func Look(ctx context.Context, d Daemon, o Options) (*Plan, error) {
	found, err := find(o)
	if err != nil {
		return nil, err
	}
	k, err := look(ctx, d)
	if err != nil {
		return nil, err
	}
	p := &Plan{}
	for _, n := range found.Notes {
		p.Warnings = append(p.Warnings, Warning(n))
	}
	for _, n := range found.Networks {
		item, err := network(ctx, d, k, o, n)
		if err != nil {
			return nil, err
		}
		p.Items = append(p.Items, item)
	}
	networks := p.Items
	for _, c := range found.Containers {
		item, err := container(ctx, d, k, o, c)
		if err != nil {
			return nil, fmt.Errorf("container '%s': %w", c.Name, err)
		}
		item.connect(k, networks)
		p.Items = append(p.Items, item)
	}
	if o.Names != nil { // only the networks that the chosen ones need
		p.Items = slices.DeleteFunc(p.Items, func(n *Item) bool {
			return n.Network && !slices.ContainsFunc(p.Items, func(c *Item) bool { return slices.Contains(c.networks, n.Name) })
		})
	}
	p.twins()
	p.once()
	return p, nil
}

// find looks for the containers of a source.
func find(o Options) (found *foreign.Found, err error) {
	switch o.Source {
	case Libvirt:
		found, err = foreign.Libvirt(o.Tree)
	case LXC:
		dir := o.Dir
		if dir == "" {
			dir = foreign.LXCPath(o.Tree)
		}
		found, err = foreign.LXC(o.Tree, dir)
	case Nspawn:
		found, err = foreign.Nspawn(o.Tree)
	default:
		return nil, fmt.Errorf("'%.40s' is no source: libvirt, lxc or nspawn", o.Source)
	}
	if err != nil || o.Names == nil {
		return found, err
	}
	for _, name := range o.Names {
		if !slices.ContainsFunc(found.Containers, func(c foreign.Container) bool { return c.Name == name }) {
			return nil, fmt.Errorf("%s has no container '%s'", o.Source, name)
		}
	}
	found.Containers = slices.DeleteFunc(found.Containers, func(c foreign.Container) bool { return !slices.Contains(o.Names, c.Name) })
	return found, nil
}

// connect looks for the networks of a container.
func (i *Item) connect(k *known, made []*Item) {
	for _, name := range i.networks {
		at := slices.IndexFunc(made, func(n *Item) bool { return n.Name == name })
		have, there := k.networks[name]
		switch {
		case there && have.Fault == "", at >= 0 && !made[at].Fails():
			if at < 0 && !have.Active && i.Made() {
				i.Then = append(i.Then, "berthctl net-start "+shellword.Operand(name)+", which the container needs")
			}
		case at >= 0:
			i.fail(Impossible, fmt.Sprintf("it needs the network '%s', which cannot be imported", name))
		default:
			i.warn(i.File, 0, fmt.Sprintf("there is no network '%s': define and start it before the container", name))
		}
	}
}

// twins refuses what would be there twice: berthd takes the first only.
func (p *Plan) twins() {
	seen := map[string]string{}
	for _, i := range p.Items {
		if !i.Made() || i.Network {
			continue
		}
		def, err := parseDomain(i.xml)
		if err != nil || def.UUID.IsZero() {
			continue
		}
		if first := seen[def.UUID.String()]; first != "" {
			i.fail(Conflict, fmt.Sprintf("'%s' has the same uuid", first))
			continue
		}
		seen[def.UUID.String()] = i.Name
	}
}

// once tells a warning of a file that several containers include only once, for all of them.
func (p *Plan) once() {
	count := map[Warning]int{}
	for _, i := range p.Items {
		for _, w := range i.Warnings {
			count[w]++
		}
	}
	told := map[Warning]bool{}
	for _, i := range p.Items {
		i.Warnings = slices.DeleteFunc(i.Warnings, func(w Warning) bool {
			if count[w] < 2 || w.File == i.File {
				return false
			}
			if !told[w] {
				told[w] = true
				p.Warnings = append(p.Warnings, w)
			}
			return true
		})
	}
}

// faults tells what berthd refuses a definition for, in one line.
func faults(list []client.Fault) string {
	texts := make([]string, len(list))
	for n, f := range list {
		texts[n] = f.Text
		if f.Element != "" {
			texts[n] = f.Element + ": " + f.Text
		}
		if f.Line > 0 {
			texts[n] += fmt.Sprintf(" (line %d)", f.Line)
		}
	}
	return strings.Join(texts, "; ")
}
