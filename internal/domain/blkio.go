package domain

import (
	"math"
	"path"
)

// BlockIO is <blkiotune>.
type BlockIO struct {
	Weight  uint64 // 1..10000; 0 means unset
	Devices []BlockDevice
}

// BlockDevice is one <device> of <blkiotune>. 0 means unset.
type BlockDevice struct {
	Path                string // absolute
	Weight              uint64 // 1..10000
	ReadIOPS, WriteIOPS uint64 // operations a second
	ReadBPS, WriteBPS   uint64 // bytes a second
}

// blockTune is libvirtxml's DomainBlockIOTune with room for 64 bits everywhere.
type blockTune struct {
	Weight  uint64        `xml:"weight,omitempty"`
	Devices []blockDevice `xml:"device"`
}

type blockDevice struct {
	Path      string `xml:"path"`
	Weight    uint64 `xml:"weight,omitempty"`
	ReadIOPS  uint64 `xml:"read_iops_sec,omitempty"`
	WriteIOPS uint64 `xml:"write_iops_sec,omitempty"`
	ReadBPS   uint64 `xml:"read_bytes_sec,omitempty"`
	WriteBPS  uint64 `xml:"write_bytes_sec,omitempty"`
}

func readBlockIO(d *Def, x *document, f *faults) {
	const at = "domain/blkiotune"
	if x.BlockTune == nil {
		return
	}
	d.IO.Weight = f.weight(at+"/weight", x.BlockTune.Weight)
	seen := map[string]bool{}
	for i, dev := range x.BlockTune.Devices {
		at := nth(at+"/device", i)
		if e := checkSource(at+"/path", dev.Path); e != nil {
			f.add(e)
			continue
		}
		dev.Path = path.Clean(dev.Path)
		if seen[dev.Path] {
			f.unsupported(at+"/path", "there is a <device> for %.60s already", dev.Path)
		}
		seen[dev.Path] = true
		f.weight(at+"/weight", dev.Weight)
		for name, n := range map[string]uint64{"read": dev.ReadIOPS, "write": dev.WriteIOPS} {
			if n > math.MaxUint32 { // the kernel's limit (block/blk-throttle.c)
				f.invalid(at+"/"+name+"_iops_sec", "%d is not a number from 1 to %d", n, uint32(math.MaxUint32))
			}
		}
		for name, n := range map[string]uint64{"read": dev.ReadBPS, "write": dev.WriteBPS} {
			if n > math.MaxInt64 {
				f.invalid(at+"/"+name+"_bytes_sec", "%d is not a number from 1 to %d", n, math.MaxInt64)
			}
		}
		d.IO.Devices = append(d.IO.Devices, BlockDevice(dev))
	}
}

func (d *Def) formatBlockIO() *blockTune {
	if d.IO.Weight == 0 && len(d.IO.Devices) == 0 {
		return nil
	}
	x := &blockTune{Weight: d.IO.Weight}
	for _, dev := range d.IO.Devices {
		x.Devices = append(x.Devices, blockDevice(dev))
	}
	return x
}
