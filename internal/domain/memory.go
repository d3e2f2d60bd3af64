package domain

import (
	"math/bits"

	"libvirt.org/go/libvirtxml"

	"github.com/berthd/berth/internal/size"
)

// readMemory reads the sizes and limits of memory. It converts them to KiB, rounded up.
func readMemory(d *Def, x *document, f *faults) {
	m := &d.Memory
	if x.Memory == nil {
		f.invalid("domain/memory", "it is missing: a domain must have a memory size")
	} else {
		if m.Max = f.kib("domain/memory", x.Memory.Value, x.Memory.Unit); m.Max == 0 && !f.within("domain/memory") {
			f.invalid("domain/memory", "the memory size must be more than 0")
		}
		switch m.DumpCore = x.Memory.DumpCore; m.DumpCore {
		case "", "on", "off":
		default:
			f.invalid("domain/memory@dumpCore", "'%s' is neither 'on' nor 'off'", x.Memory.DumpCore)
		}
	}
	if x.CurrentMemory != nil {
		m.Current = f.kib("domain/currentMemory", x.CurrentMemory.Value, x.CurrentMemory.Unit)
	}
	if m.Current == 0 || m.Current > m.Max {
		m.Current = m.Max
	}
	if x.MemoryTune == nil {
		return
	}
	for _, l := range []struct {
		name string
		from *libvirtxml.DomainMemoryTuneLimit
		to   **uint64
	}{
		{"hard_limit", x.MemoryTune.HardLimit, &m.HardLimit},
		{"soft_limit", x.MemoryTune.SoftLimit, &m.SoftLimit},
		{"swap_hard_limit", x.MemoryTune.SwapHardLimit, &m.SwapHardLimit},
		{"min_guarantee", x.MemoryTune.MinGuarantee, &m.MinGuarantee},
	} {
		if l.from == nil {
			continue
		}
		n := min(f.kib("domain/memtune/"+l.name, l.from.Value, l.from.Unit), Unlimited)
		*l.to = &n
	}
	if !f.within("domain/memory") && !f.within("domain/memtune") {
		checkLimits(m, f)
	}
}

// checkLimits notes the limits that contradict each other.
func checkLimits(m *Memory, f *faults) {
	const at = "domain/memtune/"
	limit, name := m.Limit(), "<memory>"
	if m.HardLimit != nil {
		name = "hard_limit"
		if limit == 0 {
			f.invalid(at+"hard_limit", "a limit of 0 would let nothing run")
			return
		}
	}
	if m.SoftLimit != nil && *m.SoftLimit == 0 {
		f.invalid(at+"soft_limit", "a limit of 0 would slow everything down")
	}
	if m.SoftLimit != nil && *m.SoftLimit > limit && *m.SoftLimit < Unlimited {
		f.invalid(at+"soft_limit", "%d KiB are above %s, which is %d KiB, so it would have no effect", *m.SoftLimit, name, limit)
	}
	if m.SwapHardLimit != nil && *m.SwapHardLimit < limit {
		f.invalid(at+"swap_hard_limit", "it counts memory and swap together, so it must not be below %s", name)
	}
	if m.MinGuarantee != nil && *m.MinGuarantee > limit {
		f.invalid(at+"min_guarantee", "%d KiB are above %s, which is %d KiB", *m.MinGuarantee, name, limit)
	}
}

// kib converts a value to KiB, rounded up. The unit defaults to KiB.
func (f *faults) kib(at string, value uint64, unit string) uint64 {
	if unit == "" {
		unit = "KiB"
	}
	n, e := inBytes(at, value, unit)
	f.add(e)
	return n/1024 + min(n%1024, 1)
}

// inBytes converts a value of libvirt's units to bytes.
func inBytes(at string, value uint64, unit string) (uint64, *Error) {
	factor, ok := size.Factor(unit)
	if !ok {
		return 0, noUnit(at+"@unit", unit)
	}
	high, low := bits.Mul64(value, factor)
	if high != 0 {
		return 0, invalid(at, "%d %s is too large", value, unit)
	}
	return low, nil
}

func noUnit(at, unit string) *Error {
	return invalid(at, "'%.40s' is not a unit; use b, KiB, MiB, GiB, TiB, KB, MB, …", unit)
}
