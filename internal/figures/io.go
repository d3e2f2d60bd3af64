package figures

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// IOStat enters what an io.stat says: a line for each device, "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0".
// The kernel has lines of a number alone, too, for a device that the group has not used. Name returns the name of a
// device's number.
func (f *Figures) IOStat(text []byte, name func(number string) string) error {
	for _, sum := range []Figure{IOReadBytes, IOReadOperations, IOWriteBytes, IOWriteOperations} {
		f.Add(sum, 0) // the controller is there
	}
	for len(text) > 0 {
		var l []byte
		l, text = line(text)
		device, rest, used := bytes.Cut(l, []byte{' '})
		if !used {
			continue
		}
		var d Device
		if err := d.read(rest); err != nil {
			return fmt.Errorf("device %s: %w", device, err)
		}
		d.Name = name(string(device))
		f.AddDevice(d)
	}
	slices.SortFunc(f.Block, func(a, b Device) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}

// read reads the nested keys of a line.
func (d *Device) read(text []byte) error {
	for pair := range bytes.FieldsSeq(text) {
		key, value, _ := bytes.Cut(pair, []byte{'='})
		to := d.field(key)
		if to == nil {
			continue // of another controller, "cost.usage=" for one
		}
		n, err := number(value)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		*to = n
	}
	return nil
}

func (d *Device) field(key []byte) *uint64 {
	switch string(key) {
	case "rbytes":
		return &d.ReadBytes
	case "wbytes":
		return &d.WriteBytes
	case "rios":
		return &d.ReadOperations
	case "wios":
		return &d.WriteOperations
	}
	return nil
}
