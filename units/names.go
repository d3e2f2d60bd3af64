package units

import (
	"encoding/hex"
	"strings"

	"github.com/coreos/go-systemd/v22/unit"
	"github.com/godbus/dbus/v5"
)

// ScopeName is the unit of a machine, as machined itself would call it.
func ScopeName(machine string) string {
	return "machine-" + unit.UnitNameEscape(machine) + ".scope"
}

// SliceName is the slice of a partition: "/machine/a-b" is machine-a\x2db.slice. An empty one is the
// default, /machine.
func SliceName(partition string) string {
	path := strings.Trim(partition, "/")
	if path == "" {
		return "machine.slice"
	}
	parts := strings.Split(path, "/")
	for i := range parts {
		parts[i] = unit.UnitNameEscape(parts[i])
	}
	return strings.Join(parts, "-") + ".slice"
}

// unitOf reads a unit's name from its object path: bytes other than letters and digits are _hh
// (sd_bus_path_encode(3)).
func unitOf(path dbus.ObjectPath) (string, bool) {
	label, ok := strings.CutPrefix(string(path), unitsPath)
	if !ok {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(label); i++ {
		if label[i] != '_' {
			b.WriteByte(label[i])
			continue
		}
		if i+3 > len(label) {
			return "", false
		}
		raw, err := hex.DecodeString(label[i+1 : i+3])
		if err != nil {
			return "", false
		}
		b.WriteByte(raw[0])
		i += 2
	}
	return b.String(), true
}
