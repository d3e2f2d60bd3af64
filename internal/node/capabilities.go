package node

import (
	"encoding/xml"
	"slices"
	"strings"

	"libvirt.org/go/libvirtxml"

	"github.com/berthd/berth/internal/domain"
)

// emulator is the path of libvirt's controller in Debian. Clients copy it into the definitions that they make; Berth
// keeps it there.
const emulator = "/usr/lib/libvirt/libvirt_lxc"

// Labels are the security labels of containers: their model, and the label that theirs are made from.
type Labels struct{ Model, Base string }

// Capabilities returns the capabilities XML of libvirt's LXC driver for this host.
func Capabilities(i Info, l Labels) (string, error) {
	cells := &libvirtxml.CapsHostNUMACells{Num: uint(len(i.Cells))}
	for _, c := range i.Cells {
		cells.Cells = append(cells.Cells, cellXML(c))
	}
	caps := libvirtxml.Caps{
		Host: libvirtxml.CapsHost{
			UUID:            i.UUID,
			CPU:             &libvirtxml.CapsHostCPU{Arch: i.Arch, PageSizes: pageSizes(i.Cells)},
			PowerManagement: &libvirtxml.CapsHostPowerManagement{},
			IOMMU:           &libvirtxml.CapsHostIOMMU{Support: "no"},
			NUMA:            &libvirtxml.CapsHostNUMATopology{Cells: cells},
			Cache:           cachesXML(i.Caches),
			SecModel:        []libvirtxml.CapsHostSecModel{secModel(l)},
		},
		Guests: []libvirtxml.CapsGuest{guestXML(i.Arch, wordSize(i.Arch))},
	}
	if i.Arch32 != "" {
		caps.Guests = append(caps.Guests, guestXML(i.Arch32, "32"))
	}
	text, err := xml.Marshal(caps)
	if err != nil {
		return "", err
	}
	laidOut, err := domain.Render(text)
	return laidOut + "\n", err
}

func secModel(l Labels) libvirtxml.CapsHostSecModel {
	m := libvirtxml.CapsHostSecModel{Name: l.Model, DOI: "0"}
	if l.Base != "" {
		m.Labels = []libvirtxml.CapsHostSecModelLabel{{Type: "lxc", Value: l.Base}}
	}
	return m
}

func guestXML(arch, wordSize string) libvirtxml.CapsGuest {
	return libvirtxml.CapsGuest{OSType: "exe", Arch: libvirtxml.CapsGuestArch{
		Name: arch, WordSize: wordSize, Emulator: emulator, Domains: []libvirtxml.CapsGuestDomain{{Type: "lxc"}},
	}}
}

// wordSize returns the bits of a word of an architecture that Go runs on.
func wordSize(arch string) string {
	if strings.Contains(arch, "64") || arch == "s390x" {
		return "64"
	}
	return "32"
}

// pageSizes lists the sizes of pages that a cell has.
func pageSizes(cells []Cell) []libvirtxml.CapsHostCPUPageSize {
	var sizes []libvirtxml.CapsHostCPUPageSize
	for _, c := range cells {
		for _, p := range c.Pages {
			size := libvirtxml.CapsHostCPUPageSize{Size: int(p.Size >> 10), Unit: "KiB"}
			if !slices.Contains(sizes, size) {
				sizes = append(sizes, size)
			}
		}
	}
	return sizes
}

// cachesXML returns nil for a host that does not tell its caches.
func cachesXML(caches []Cache) *libvirtxml.CapsHostCache {
	if len(caches) == 0 {
		return nil
	}
	x := &libvirtxml.CapsHostCache{}
	for _, c := range caches {
		bank := libvirtxml.CapsHostCacheBank{
			ID: uint(c.ID), Level: uint(c.Level), Type: c.Type, Size: uint(c.Size >> 10), Unit: "KiB", CPUs: c.CPUs,
		}
		if c.Size%(1<<20) == 0 {
			bank.Size, bank.Unit = uint(c.Size>>20), "MiB"
		}
		x.Banks = append(x.Banks, bank)
	}
	return x
}

func cellXML(c Cell) libvirtxml.CapsHostNUMACell {
	cell := libvirtxml.CapsHostNUMACell{
		ID:        c.ID,
		Memory:    &libvirtxml.CapsHostNUMAMemory{Size: c.Memory >> 10, Unit: "KiB"},
		Distances: &libvirtxml.CapsHostNUMADistances{},
		CPUS:      &libvirtxml.CapsHostNUMACPUs{Num: uint(len(c.CPUs))},
	}
	for _, p := range c.Pages {
		cell.PageInfo = append(cell.PageInfo, libvirtxml.CapsHostNUMAPageInfo{Size: int(p.Size >> 10), Unit: "KiB", Count: p.Count})
	}
	for _, d := range c.Distances {
		cell.Distances.Siblings = append(cell.Distances.Siblings, libvirtxml.CapsHostNUMASibling{ID: d.Cell, Value: d.Value})
	}
	for _, p := range c.CPUs {
		cell.CPUS.CPUs = append(cell.CPUS.CPUs, libvirtxml.CapsHostNUMACPU{
			ID: p.ID, SocketID: &p.Socket, DieID: &p.Die, CoreID: &p.Core, Siblings: p.Siblings,
		})
	}
	return cell
}
