package node

// SharedMemory is a figure or a setting of KSM, which merges equal pages of processes
// (Documentation/admin-guide/mm/ksm.rst of the kernel).
type SharedMemory struct {
	Name  string // of the file in /sys/kernel/mm/ksm
	Value uint64
}

// SharedMemoryNames are the files that libvirt tells of, in its order. The settings fit into 32 bits, the figures need
// not.
func SharedMemoryNames() []string {
	return []string{
		"pages_to_scan", "sleep_millisecs", "pages_shared", "pages_sharing", "pages_unshared", "pages_volatile", "full_scans", "merge_across_nodes",
	}
}

// FreePages counts the pages of a cell that are free, by their sizes.
type FreePages struct {
	Cell  int
	Pages []Pages
}
