// Package size has libvirt's units of memory.
package size

import "strings"

// Factor returns how many bytes a unit has. The units are b and bytes; k, KiB, M, MiB … E, EiB, which are powers of
// 1024; and KB, MB … EB, which are powers of 1000. It returns false if there is no such unit.
func Factor(unit string) (uint64, bool) {
	u := strings.ToLower(unit)
	if u == "b" || u == "byte" || u == "bytes" {
		return 1, true
	}
	if u == "" || len(u) != len(unit) { // U+212A is a K of another length
		return 0, false
	}
	power := strings.IndexByte("kmgtpe", u[0]) + 1
	base := map[string]uint64{"": 1024, "ib": 1024, "b": 1000}[u[1:]]
	if power == 0 || base == 0 {
		return 0, false
	}
	factor := uint64(1)
	for range power {
		factor *= base
	}
	return factor, true
}
