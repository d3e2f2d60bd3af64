package procview

import "bytes"

// Memory holds a control group's figures of memory, in bytes. A limit is the smallest of the group's
// and its ancestors', or None.
type Memory struct {
	Limit, Used         uint64 // memory.max, memory.current
	SwapLimit, SwapUsed uint64 // memory.swap.max, memory.swap.current: swap alone; None if it is not counted
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
	m.Used = max(m.Used, m.parts())
	// A limit can be below what is used, until the kernel has taken memory back.
	total := min(hostField(host, "MemTotal:"), max(m.Limit, m.Used)>>10)
	swap := m.swap(hostField(host, "SwapTotal:"))
	lines(host, func(line []byte) {
		name, rest, ok := bytes.Cut(line, []byte{':'})
		if kib, own := m.field(name, number(rest), total, swap); ok && own {
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

// hostField returns a field of the host's file, or 0 if that is missing.
func hostField(host []byte, name string) (kib uint64) {
	lines(host, func(line []byte) {
		if rest, ok := bytes.CutPrefix(line, []byte(name)); ok {
			kib = number(rest)
		}
	})
	return kib
}

// field returns a field's figure in KiB. It returns false if the container has no figure of its own. total
// and swap are the container's MemTotal and SwapTotal.
func (m *Memory) field(name []byte, host, total, swap uint64) (uint64, bool) {
	switch string(name) {
	case "MemTotal":
		return total, true
	case "MemFree":
		return min(host, less(total, kibOf(m.Used))), true
	case "MemAvailable":
		return min(host, less(total, kibOf(less(m.Used, m.reclaimable())))), true
	case "Buffers":
		return 0, true // buffers belong to block devices, not to a control group
	case "SwapTotal":
		return swap, m.ownSwap()
	case "SwapFree":
		return less(swap, m.SwapUsed>>10), m.ownSwap()
	}
	for i := range counted {
		if c := &counted[i]; c.field == string(name) {
			a, ok := value(m.Stat, c.a)
			b, _ := value(m.Stat, c.b)
			return a>>10 + b>>10, ok
		}
	}
	return 0, false
}

// kibOf returns a number of bytes in KiB, rounded up.
func kibOf(n uint64) uint64 { return (n + 1<<10 - 1) >> 10 }

// ownSwap reports whether the container has figures of swap of its own.
func (m *Memory) ownSwap() bool { return m.SwapUsed != None }

// reclaimable returns the number of bytes that the kernel can take back without swap.
func (m *Memory) reclaimable() uint64 {
	return m.sum("active_file", "inactive_file", "slab_reclaimable")
}

// parts returns the sum of the parts of memory that meminfo has. It can be a little more than
// memory.current, which is read at another moment.
func (m *Memory) parts() uint64 {
	return m.sum("anon", "file", "slab_reclaimable", "slab_unreclaimable", "kernel_stack", "pagetables", "sec_pagetables", "percpu")
}

func (m *Memory) sum(keys ...string) uint64 {
	var sum uint64
	for _, key := range keys {
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

// swap returns the container's swap in KiB, of the host's: its limit, or what it uses if that is more.
func (m *Memory) swap(host uint64) uint64 { return min(host, max(m.SwapLimit, m.SwapUsed)>>10) }

// Swaps appends /proc/swaps. It has a single line for the swap that the container may use, and how much it
// uses: nobody knows in which of the host's areas that is. If the kernel does not count that, it is the
// host's.
func Swaps(dst, host []byte, m Memory) []byte {
	if !m.ownSwap() {
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
	if total = m.swap(total); total == 0 {
		return dst
	}
	dst = append(dst, "none                                    virtual\t\t"...)
	dst = append(pad(dst, total, 8), "\t"...)
	dst = append(pad(dst, min(total, m.SwapUsed>>10), 8), "\t0\n"...)
	return dst
}
