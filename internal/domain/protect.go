package domain

import "path"

// maxPIDs is the most processes and threads that a kernel can have (PID_MAX_LIMIT).
const maxPIDs = 4 << 20

// minPIDs leaves room for the threads of the supervisor, which is in the scope too.
const minPIDs = 64

// maxLatency is the longest latency target in µs, a minute: longer ones would protect nothing.
const maxLatency = 60_000_000

// Latency is one <berth:latency>: how soon the device shall carry out what the container asks of it.
type Latency struct {
	Path string // absolute
	USec uint64
}

type extPIDs struct {
	Max *uint64 `xml:"max,attr"`
}

type extProtect struct {
	Memory *uint64 `xml:"memory,attr"`
	Unit   string  `xml:"unit,attr,omitempty"`
}

type extLatency struct {
	Path string  `xml:"path,attr"`
	USec *uint64 `xml:"usec,attr"`
}

// readProtect reads what limits the number of processes, and what says how the container fares beside others when the
// host is busy.
func readProtect(d *Def, e *extension, f *faults) {
	const at = "domain/berth:container/berth:"
	if e.PIDs != nil {
		switch n := e.PIDs.Max; {
		case n == nil:
			f.invalid(at+"pids@max", "it is missing")
		case *n < minPIDs || *n > maxPIDs:
			f.invalid(at+"pids@max", "%d is not a number of processes from %d to %d", *n, minPIDs, maxPIDs)
		default:
			d.Extension.PIDs = *n
		}
	}
	if e.Protect != nil {
		if e.Protect.Memory == nil {
			f.invalid(at+"protect@memory", "it is missing")
		} else {
			d.Extension.MemoryMin = f.kib(at+"protect", *e.Protect.Memory, e.Protect.Unit)
		}
		if limit := d.Memory.Limit(); d.Extension.MemoryMin > limit && !f.within("domain/memory") && !f.within("domain/memtune") && !f.within(at+"protect") {
			f.invalid(at+"protect@memory", "%d KiB are more than the container's limit of %d KiB", d.Extension.MemoryMin, limit)
		}
	}
	if d.Extension.Idle = e.Idle != nil; d.Extension.Idle && d.CPU.Shares != 0 {
		f.unsupported(at+"idle", "a container with <cputune><shares> is not idle; take one of the two away")
	}
	seen := map[string]bool{}
	for i, l := range e.Latencies {
		at := nth(at+"latency", i)
		if e := checkSource(at+"@path", l.Path); e != nil {
			f.add(e)
			continue
		}
		dev := path.Clean(l.Path)
		switch {
		case seen[dev]:
			f.unsupported(at+"@path", "there is a <latency> for %.60s already", dev)
		case l.USec == nil:
			f.invalid(at+"@usec", "it is missing")
		case *l.USec == 0 || *l.USec > maxLatency:
			f.invalid(at+"@usec", "%d is not a time from 1 to %d µs", *l.USec, maxLatency)
		default:
			d.Latencies = append(d.Latencies, Latency{dev, *l.USec})
		}
		seen[dev] = true
	}
}

func formatProtect(x *extension, d *Def) {
	e := &d.Extension
	if e.PIDs != 0 {
		x.PIDs = &extPIDs{Max: &e.PIDs}
	}
	if e.MemoryMin != 0 {
		x.Protect = &extProtect{Memory: &e.MemoryMin, Unit: "KiB"}
	}
	if e.Idle {
		x.Idle = &struct{}{}
	}
	for _, l := range d.Latencies {
		x.Latencies = append(x.Latencies, extLatency{Path: l.Path, USec: &l.USec})
	}
}
