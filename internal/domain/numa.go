package domain

import (
	"libvirt.org/go/libvirtxml"

	"github.com/berthd/berth/internal/numberset"
)

// NUMA is <numatune>: the memory nodes of which the container's memory is.
type NUMA struct {
	Mode  NUMAMode
	Nodes numberset.Set // "" means all of the host's
}

// NUMAMode is the mode attribute of <memory> in <numatune>.
type NUMAMode string

// The modes. Both bind the memory to the nodes.
const (
	NUMAStrict      NUMAMode = "strict"
	NUMARestrictive NUMAMode = "restrictive"
)

func readNUMA(d *Def, x *document, f *faults) {
	const at = "domain/numatune/memory@"
	if x.NUMATune == nil || x.NUMATune.Memory == nil {
		return
	}
	m := x.NUMATune.Memory
	switch mode := NUMAMode(m.Mode); mode {
	case "":
		d.NUMA.Mode = NUMAStrict
	case NUMAStrict, NUMARestrictive:
		d.NUMA.Mode = mode
	case "preferred", "interleave":
		f.unsupported(at+"mode", "'%s' is a policy that each process has for itself, and Berth sets none; 'strict' binds the container's memory to the nodes, and without <numatune> the kernel prefers the node of the processor", m.Mode)
	default:
		f.invalid(at+"mode", "'%.40s' is unknown; known are strict and restrictive", m.Mode)
	}
	switch m.Placement {
	case "", "static":
	case "auto":
		f.unsupported(at+"placement", "'auto' needs numad, which Berth does not ask; name the nodes in the attribute nodeset")
		return
	default:
		f.invalid(at+"placement", "'%.40s' is unknown; known is static", m.Placement)
	}
	if m.Nodeset == "" {
		f.unsupported(at+"nodeset", "it is missing: name the memory nodes, such as 0-1")
		return
	}
	var e *Error
	d.NUMA.Nodes, e = parseSet(at+"nodeset", m.Nodeset)
	f.add(e)
}

func (d *Def) formatNUMA() *libvirtxml.DomainNUMATune {
	if d.NUMA.Nodes == "" {
		return nil
	}
	return &libvirtxml.DomainNUMATune{Memory: &libvirtxml.DomainNUMATuneMemory{Mode: string(d.NUMA.Mode), Nodeset: string(d.NUMA.Nodes)}}
}
