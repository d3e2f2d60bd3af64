package top

import (
	"cmp"
	"strconv"
	"strings"
)

// column is a column of the table.
type column struct {
	key   string // its name for --columns and --sort, and in CSV
	head  string
	about string
	width int // in cells; the name, which is last, has the rest of the line
	needs Kinds
	usual bool // it is shown if nobody says otherwise
	// value returns what a row has in it, for all columns but those of text.
	value func(r *row, h Host) (float64, bool)
	show  func(float64) string
	text  func(r *row) string
}

// columns are all columns, in the order of the table.
func columns() []column {
	return []column{
		{key: "id", head: "ID", width: 7, usual: true, about: "the id", value: idOf, show: whole},
		{key: "state", head: "S", width: 2, usual: true, about: "the state: R running, P paused, S starting, D stopping, O shut off", text: letter},
		{key: "read", head: "RDBY", width: 5, needs: Of(ReadBytes), usual: true, about: "bytes read, a second", value: rated(ReadBytes), show: short},
		{key: "write", head: "WRBY", width: 5, needs: Of(WriteBytes), usual: true, about: "bytes written, a second", value: rated(WriteBytes), show: short},
		{key: "read-ops", head: "RDRQ", width: 5, needs: Of(ReadOperations), about: "read requests, a second", value: rated(ReadOperations), show: short},
		{key: "write-ops", head: "WRRQ", width: 5, needs: Of(WriteOperations), about: "write requests, a second", value: rated(WriteOperations), show: short},
		{key: "receive", head: "RXBY", width: 5, needs: Of(ReceiveBytes), usual: true, about: "bytes received by network interfaces, a second", value: rated(ReceiveBytes), show: short},
		{key: "transmit", head: "TXBY", width: 5, needs: Of(TransmitBytes), usual: true, about: "bytes sent by network interfaces, a second", value: rated(TransmitBytes), show: short},
		{key: "cpu", head: "%CPU", width: 5, needs: Of(CPUUSec), usual: true, about: "share of all processors of the host", value: cpuShare, show: tenths},
		{key: "cpus", head: "CPUS", width: 6, needs: Of(CPUUSec), about: "how many processors are used", value: cpusUsed, show: hundredths},
		{key: "throttled", head: "%THR", width: 5, needs: Of(ThrottledUSec), about: "share of the time in which the quota stopped it", value: throttled, show: tenths},
		{key: "memory", head: "MEM", width: 5, needs: Of(Memory), usual: true, about: "memory that is used", value: level(Memory), show: short},
		{key: "memory-share", head: "%MEM", width: 5, needs: Of(Memory), about: "share of the host's memory", value: memoryShare, show: tenths},
		{key: "limit", head: "LIMIT", width: 6, needs: Of(MemoryMax), about: "limit of the memory", value: level(MemoryMax), show: short},
		{key: "swap", head: "SWAP", width: 5, needs: Of(Swap), about: "swap that is used", value: level(Swap), show: short},
		{key: "tasks", head: "TASKS", width: 6, needs: Of(Tasks), usual: true, about: "processes and threads", value: level(Tasks), show: whole},
		{key: "time", head: "TIME", width: 10, needs: Of(CPUUSec), usual: true, about: "processor time since the start", value: level(CPUUSec), show: minutes},
		{key: "name", head: "NAME", usual: true, about: "the name", text: func(r *row) string { return r.Name }},
	}
}

func idOf(r *row, _ Host) (float64, bool) { return float64(r.ID), r.ID != 0 }

func level(k Kind) func(*row, Host) (float64, bool) {
	return func(r *row, _ Host) (float64, bool) {
		value, known := r.Figures.Get(k)
		return float64(value), known
	}
}

func rated(k Kind) func(*row, Host) (float64, bool) {
	return func(r *row, _ Host) (float64, bool) { return r.rates[k], r.rated[k] }
}

func cpusUsed(r *row, _ Host) (float64, bool) { return r.rates[CPUUSec] / 1e6, r.rated[CPUUSec] }

func cpuShare(r *row, h Host) (float64, bool) {
	return r.rates[CPUUSec] / 1e4 / float64(max(1, h.CPUs)), r.rated[CPUUSec]
}

// throttled can be more than 100 %: each processor that had to stop counts.
func throttled(r *row, _ Host) (float64, bool) {
	return r.rates[ThrottledUSec] / 1e4, r.rated[ThrottledUSec]
}

func memoryShare(r *row, h Host) (float64, bool) {
	value, known := r.Figures.Get(Memory)
	return float64(value) / float64(max(1, h.Memory)) * 100, known
}

// letter returns virt-top's letter for a state; it has none for starting.
func letter(r *row) string {
	switch r.State {
	case "running", "paused", "starting":
		return strings.ToUpper(r.State[:1])
	case "stopping":
		return "D"
	case "shutoff":
		return "O"
	}
	return "X"
}

// compare orders two rows by a column: names from A, numbers from the largest. What is not known comes last, and rows
// that are alike go by their names.
func (c *column) compare(a, b *row, h Host, reverse bool) int {
	order := 0
	if c.value == nil {
		order = cmp.Compare(c.text(a), c.text(b))
	} else {
		x, known := c.value(a, h)
		y, known2 := c.value(b, h)
		switch {
		case known && !known2:
			return -1
		case known2 && !known:
			return 1
		case known:
			order = cmp.Compare(y, x)
		}
		if c.key == "id" {
			order = -order
		}
	}
	if reverse {
		order = -order
	}
	return cmp.Or(order, cmp.Compare(a.Name, b.Name), cmp.Compare(a.UUID, b.UUID))
}

// cell returns the text of a row in a column.
func (c *column) cell(r *row, h Host) string {
	if c.value == nil {
		return c.text(r)
	}
	value, known := c.value(r, h)
	if !known {
		return "-"
	}
	return c.show(value)
}

func whole(v float64) string      { return strconv.FormatFloat(v, 'f', 0, 64) }
func tenths(v float64) string     { return strconv.FormatFloat(v, 'f', 1, 64) }
func hundredths(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }

// short writes a number in at most five cells: 999, 1.5K, 23M.
func short(v float64) string {
	const units = "KMGTPE"
	if v < 999.5 {
		return whole(v)
	}
	unit := -1
	for v >= 999.5 && unit < len(units)-1 {
		v /= 1024
		unit++
	}
	if v < 9.95 {
		return tenths(v) + units[unit:unit+1]
	}
	return whole(v) + units[unit:unit+1]
}

// minutes writes microseconds as virt-top does, in minutes, seconds and hundredths.
func minutes(usec float64) string {
	hundredth := uint64(usec) / 10_000
	return strconv.FormatUint(hundredth/6000, 10) + ":" + two(hundredth/100%60) + "." + two(hundredth%100)
}

func two(n uint64) string {
	if n < 10 {
		return "0" + strconv.FormatUint(n, 10)
	}
	return strconv.FormatUint(n, 10)
}
