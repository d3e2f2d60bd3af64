package units

import (
	"strconv"

	"github.com/berthd/berth/internal/unitname"
)

// ScopeName returns the name of a machine's unit. It is the name that machined itself would give.
func ScopeName(machine string) string { return unitname.Scope(machine) }

// HelperName returns the name of the unit of a process that serves a machine, such as
// berth-image-web-4242.scope.
func HelperName(what, machine string, pid uint32) string {
	return "berth-" + what + "-" + unitname.Escape(machine) + "-" + strconv.FormatUint(uint64(pid), 10) + ".scope"
}

// SliceName returns the name of a partition's slice: machine-a\x2db.slice for "/machine/a-b". An empty
// partition is the default, /machine.
func SliceName(partition string) string { return unitname.Slice(partition) }
