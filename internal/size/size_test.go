package size

import "testing"

// TestFactor: each of libvirt's units has its number of bytes, in any case, and nothing else is a unit.
func TestFactor(t *testing.T) {
	t.Parallel()
	for unit, want := range map[string]uint64{
		"b": 1, "bytes": 1, "Byte": 1, "k": 1 << 10, "KiB": 1 << 10, "kb": 1000, "M": 1 << 20, "mib": 1 << 20, "MB": 1e6, "G": 1 << 30, "GB": 1e9,
		"TiB": 1 << 40, "PB": 1e15, "E": 1 << 60, "EB": 1e18, "": 0, "x": 0, "ib": 0, "kbb": 0, "Ki": 0, "m b": 0, "\u212a": 0,
	} {
		if got, ok := Factor(unit); got != want || ok != (want > 0) {
			t.Errorf("%q has %d, %v; want %d", unit, got, ok, want)
		}
	}
}
