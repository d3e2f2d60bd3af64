package domain

import (
	"path"
	"slices"
)

// tuneDevices changes one figure of some devices, and leaves that of the others.
func (d *Def) tuneDevices(s Setting) *Error {
	for _, n := range s.Devices {
		if e := checkSource(s.Property, n.Path); e != nil {
			return e
		}
		n.Path = path.Clean(n.Path) // as in a definition
		if s.Property == "IODeviceLatencyTargetUSec" {
			d.tuneLatency(n)
			continue
		}
		i := 0
		for i < len(d.IO.Devices) && d.IO.Devices[i].Path != n.Path {
			i++
		}
		if i == len(d.IO.Devices) {
			d.IO.Devices = append(d.IO.Devices, BlockDevice{Path: n.Path})
		}
		dev := &d.IO.Devices[i]
		number := n.Number
		if number == Infinity {
			number = 0
		}
		*map[string]*uint64{
			"IODeviceWeight": &dev.Weight, "IOReadBandwidthMax": &dev.ReadBPS, "IOWriteBandwidthMax": &dev.WriteBPS,
			"IOReadIOPSMax": &dev.ReadIOPS, "IOWriteIOPSMax": &dev.WriteIOPS,
		}[s.Property] = number
		if *dev == (BlockDevice{Path: n.Path}) {
			d.IO.Devices = append(d.IO.Devices[:i], d.IO.Devices[i+1:]...)
		}
	}
	return nil
}

// tuneLatency changes the latency target of a device.
func (d *Def) tuneLatency(n DeviceNumber) {
	d.Latencies = slices.DeleteFunc(d.Latencies, func(l Latency) bool { return l.Path == n.Path })
	if n.Number != 0 && n.Number != Infinity {
		d.Latencies = append(d.Latencies, Latency{n.Path, n.Number})
	}
}
