package procview

import "bytes"

// Memory holds a control group's figures of memory, in bytes. A limit is the smallest of the group's
// and its ancestors', or None.
type Memory struct {
	Limit, Used         uint64 // memory.max, memory.current
	SwapLimit, SwapUsed uint64 // memory.swap.max, memory.swap.current: swap alone
	Stat                []byte // memory.stat; empty without the memory controller
}

// counted lists the fields of meminfo that are the sum of one or two fields of memory.stat.
//
//nolint:gochecknoglobals // a table that nothing changes; as a local it would be made at each read
var counted = []struct{ field, a, b string }{
	{field: "Cached", a: "file"},
	{field: "SwapCached", a: "swapcached"},
	{field: "Active", a: "active_anon", b: "active_file"},
	{field: "Inactive", a: "inactive_anon", b: "inactive_file"},
	{field: "Active(anon)", a: "active_anon"},
	{field: "Inactive(anon)", a: "inactive_anon"},
	{field: "Active(file)", a: "active_file"},
	{field: "Inactive(file)", a: "inactive_file"},
	{field: "Unevictable", a: "unevictable"},
	{field: "Zswap", a: "zswap"},
	{field: "Zswapped", a: "zswapped"},
	{field: "Dirty", a: "file_dirty"},
	{field: "Writeback", a: "file_writeback"},
	{field: "AnonPages", a: "anon"},
	{field: "Mapped", a: "file_mapped"},
	{field: "Shmem", a: "shmem"},
	{field: "KReclaimable", a: "slab_reclaimable"},
	{field: "Slab", a: "slab_reclaimable", b: "slab_unreclaimable"},
	{field: "SReclaimable", a: "slab_reclaimable"},
	{field: "SUnreclaim", a: "slab_unreclaimable"},
	{field: "KernelStack", a: "kernel_stack"},
	{field: "PageTables", a: "pagetables"},
	{field: "SecPageTables", a: "sec_pagetables"},
	{field: "Percpu", a: "percpu"},
	{field: "AnonHugePages", a: "anon_thp"},
	{field: "ShmemHugePages", a: "shmem_thp"},
	{field: "FileHugePages", a: "file_thp"},
}

// Meminfo appends /proc/meminfo, in KiB. Without the memory controller it is the host's.
func Meminfo(dst, host []byte, m Memory) []byte {
	if len(m.Stat) == 0 {
		return append(dst, host...)
	}
	lines(host, func(line []byte) {
		name, rest, ok := bytes.Cut(line, []byte{':'})
		if kib, own := m.field(name, number(rest)); ok && own {
			dst = append(append(dst, name...), ':')
			for n := len(name) + 1; n < 16; n++ {
				dst = append(dst, ' ')
			}
			dst = append(pad(dst, kib, 8), " kB\n"...)
			return
		}
		dst = append(append(dst, line...), '\n')
	})
	return dst
}

// field returns a field's figure in KiB. It returns false if the container has no figure of its own.
func (m *Memory) field(name []byte, host uint64) (uint64, bool) {
	switch string(name) {
	case "MemTotal":
		return min(host, m.Limit>>10), true
	case "MemFree":
		return min(host, less(m.Limit, m.Used)>>10), true
	case "MemAvailable":
		return min(host, less(m.Limit, less(m.Used, m.reclaimable()))>>10), true
	case "Buffers":
		return 0, true // buffers belong to block devices, not to a control group
	case "SwapTotal":
		return min(host, m.SwapLimit>>10), true
	case "SwapFree":
		return min(host, less(m.SwapLimit, m.SwapUsed)>>10), true
	}
	for i := range counted {
		if c := &counted[i]; c.field == string(name) {
			a, ok := value(m.Stat, c.a)
			b, _ := value(m.Stat, c.b)
			return (a + b) >> 10, ok
		}
	}
	return 0, false
}

// reclaimable returns the number of bytes that the kernel can take back without swap.
func (m *Memory) reclaimable() uint64 {
	var sum uint64
	for _, key := range [...]string{"active_file", "inactive_file", "slab_reclaimable"} {
		n, _ := value(m.Stat, key)
		sum += n
	}
	return sum
}

// column returns the text of line from column n on, counted from 0. Blanks separate the columns.
func column(line []byte, n int) []byte {
	for line = bytes.TrimLeft(line, " \t"); n > 0; n-- {
		end := max(bytes.IndexAny(line, " \t"), 0)
		line = bytes.TrimLeft(line[end:], " \t")
	}
	return line
}

// Swaps appends /proc/swaps. Without a limit of swap it is the host's. With one it has a single line
// for the swap that the container may use: nobody knows in which of the host's areas that is.
func Swaps(dst, host []byte, m Memory) []byte {
	if m.SwapLimit == None {
		return append(dst, host...)
	}
	var total uint64
	first := true
	lines(host, func(line []byte) {
		if first {
			dst = append(append(dst, line...), '\n')
		} else {
			total += number(column(line, 2))
		}
		first = false
	})
	if total = min(total, m.SwapLimit>>10); total == 0 {
		return dst
	}
	dst = append(dst, "none                                    virtual\t\t"...)
	dst = append(pad(dst, total, 8), "\t"...)
	dst = append(pad(dst, min(total, m.SwapUsed>>10), 8), "\t0\n"...)
	return dst
}
