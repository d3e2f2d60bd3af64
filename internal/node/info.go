package node

// Info has the facts of the host that stay the same while it runs.
type Info struct {
	UUID   string // of the machine, as firmware or /etc/machine-id has it
	Arch   string // libvirt's word
	Arch32 string // the 32-bit architecture that the kernel also runs; "" if there is none
	MHz    uint32 // 0 if the host does not tell
	Cells  []Cell // at least one
	// Online are the processors that run, and Present those that there are, also without running.
	Online, Present []int
	Caches          []Cache
}

// Memory returns the memory of all cells, in bytes.
func (i Info) Memory() uint64 {
	sum := uint64(0)
	for _, c := range i.Cells {
		sum += c.Memory
	}
	return sum
}

// Cache is a cache of level 3 or higher, which processors share.
type Cache struct {
	ID, Level int
	Type      string // libvirt's word: both, code or data
	Size      uint64 // bytes
	CPUs      string // a list
}

// Cell is a NUMA node. A host without NUMA has one.
type Cell struct {
	ID        int
	Memory    uint64 // bytes
	Pages     []Pages
	Distances []Distance
	CPUs      []CPU // the ones that are online
}

// Pages counts the pages of one size.
type Pages struct {
	Size  uint64 // bytes
	Count uint64
}

// Distance is how far the memory of a cell is; 10 is the cell's own.
type Distance struct{ Cell, Value int }

// CPU is a processor that is online, and its place.
type CPU struct {
	ID, Socket, Die, Core int
	Siblings              string // the threads of its core, as a list
}

// Shape is how the processors of a host are arranged: Cells * Sockets * Cores * Threads of them.
type Shape struct{ CPUs, Cells, Sockets, Cores, Threads uint32 }

// Shape returns how the processors are arranged, in libvirt's way: Sockets counts those of a cell, Cores those of a
// socket. An arrangement that is not the same in all cells is shown as one socket with a core for each processor.
func (i Info) Shape() Shape {
	var s Shape
	for _, cell := range i.Cells {
		if len(cell.CPUs) == 0 {
			continue // it has memory only
		}
		cores, threads := map[int]map[[2]int]bool{}, map[[3]int]uint32{}
		for _, c := range cell.CPUs {
			if cores[c.Socket] == nil {
				cores[c.Socket] = map[[2]int]bool{}
			}
			cores[c.Socket][[2]int{c.Die, c.Core}] = true
			threads[[3]int{c.Socket, c.Die, c.Core}]++
		}
		s.Cells++
		s.CPUs += uint32(len(cell.CPUs))
		s.Sockets = max(s.Sockets, uint32(len(cores)))
		for _, of := range cores {
			s.Cores = max(s.Cores, uint32(len(of)))
		}
		for _, of := range threads {
			s.Threads = max(s.Threads, of)
		}
	}
	if s.Cells*s.Sockets*s.Cores*s.Threads != s.CPUs {
		return Shape{CPUs: s.CPUs, Cells: 1, Sockets: 1, Cores: s.CPUs, Threads: 1}
	}
	return s
}
