package figures

import "iter"

// Set holds the figures that are known. The zero value has none.
type Set struct {
	known  uint64 // a bit for each figure
	values [Count]uint64
}

// Put enters a figure.
func (s *Set) Put(f Figure, value uint64) {
	s.known |= 1 << f
	s.values[f] = value
}

// Add adds to a figure. One that was not known is the amount.
func (s *Set) Add(f Figure, amount uint64) { s.Put(f, s.values[f]+amount) }

// Get returns a figure, and whether it is known.
func (s *Set) Get(f Figure) (value uint64, known bool) {
	return s.values[f], s.known&(1<<f) != 0
}

// Len counts the figures that are known.
func (s *Set) Len() int {
	n := 0
	for range s.All() {
		n++
	}
	return n
}

// All returns the figures that are known, in their order.
func (s *Set) All() iter.Seq2[Figure, uint64] {
	return func(yield func(Figure, uint64) bool) {
		for f := range Count {
			if value, known := s.Get(f); known && !yield(f, value) {
				return
			}
		}
	}
}

// Device has the figures of one device of a container.
type Device struct {
	Name            string
	ReadBytes       uint64
	ReadOperations  uint64
	WriteBytes      uint64
	WriteOperations uint64
}

// Figures are all figures of one container at one moment.
type Figures struct {
	Set
	Block      []Device    // block devices, by name
	Interfaces []Interface // network interfaces, in the order of the definition
}

// AddDevice enters a block device, and adds its figures to the sums.
func (f *Figures) AddDevice(d Device) {
	f.Add(IOReadBytes, d.ReadBytes)
	f.Add(IOReadOperations, d.ReadOperations)
	f.Add(IOWriteBytes, d.WriteBytes)
	f.Add(IOWriteOperations, d.WriteOperations)
	f.Block = append(f.Block, d)
}

// BlockDevices is the kind of Figures.Block on the bus.
const BlockDevices = "block"

// named returns the figure of a device with a name.
func (d *Device) named(name string) *uint64 {
	switch name {
	case "read-bytes":
		return &d.ReadBytes
	case "read-operations":
		return &d.ReadOperations
	case "write-bytes":
		return &d.WriteBytes
	case "write-operations":
		return &d.WriteOperations
	}
	return nil
}

// Named returns the figures by their names.
func (d *Device) Named() iter.Seq2[string, uint64] {
	return func(yield func(string, uint64) bool) {
		for _, name := range []string{"read-bytes", "read-operations", "write-bytes", "write-operations"} {
			if !yield(name, *d.named(name)) {
				return
			}
		}
	}
}

// Put enters a figure by its name. It does nothing if nobody here knows the name.
func (d *Device) Put(name string, value uint64) {
	if to := d.named(name); to != nil {
		*to = value
	}
}
