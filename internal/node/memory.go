package node

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// All stands for the whole host, where a number stands for a part of it.
const All = -1

// Memory has the figures of a cell's memory, or of the host's, in bytes.
type Memory struct {
	Cell        int // All: the host
	Total, Free uint64
	// Linux counts these for the host only.
	Buffers, Cached uint64
}

// ParseMeminfo reads /proc/meminfo (cell is All), or the file meminfo of a cell. It returns an error if total or free
// are missing.
func ParseMeminfo(text string, cell int) (Memory, error) {
	m := Memory{Cell: cell}
	fields := map[string]*uint64{"MemTotal": &m.Total, "MemFree": &m.Free}
	missing := len(fields)
	prefix := ""
	if cell == All {
		fields["Buffers"], fields["Cached"] = &m.Buffers, &m.Cached
		missing = len(fields)
	} else {
		prefix = "Node " + strconv.Itoa(cell) + " "
	}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimPrefix(line, prefix), ":")
		figure := fields[name]
		if figure == nil {
			continue
		}
		kib, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil || kib > math.MaxUint64>>10 {
			return Memory{}, fmt.Errorf("meminfo: %s is %.30q", name, strings.TrimSpace(value))
		}
		*figure = kib << 10
		delete(fields, name)
		missing--
	}
	if missing > 0 {
		return Memory{}, fmt.Errorf("meminfo: %d of its figures are missing", missing)
	}
	return m, nil
}
