package figures

import (
	"bytes"
	"fmt"
	"iter"
)

// Traffic counts one direction of an interface.
type Traffic struct {
	Bytes, Packets, Errors, Drops uint64
}

// Interface has the figures of one network interface of a container, as the container sees them: Receive is what came
// in.
type Interface struct {
	Name              string
	Receive, Transmit Traffic
}

// NetworkInterfaces is the kind of Figures.Interfaces on the bus.
const NetworkInterfaces = "interface"

// OtherEnd returns the figures of the other end of a veth: what one end receives, the other one has transmitted.
func (i Interface) OtherEnd() Interface {
	i.Receive, i.Transmit = i.Transmit, i.Receive
	return i
}

// AddInterface enters an interface, and adds its figures to the sums.
func (f *Figures) AddInterface(i Interface) {
	for n, one := range i.all() {
		f.Add(NetReceiveBytes+Figure(n), *one.value)
	}
	f.Interfaces = append(f.Interfaces, i)
}

// named is a figure of an interface with its name.
type named struct {
	name  string
	value *uint64
}

// all returns the figures of an interface, in the order of the sums.
func (i *Interface) all() [8]named {
	in, out := &i.Receive, &i.Transmit
	return [...]named{
		{"receive-bytes", &in.Bytes},
		{"receive-packets", &in.Packets},
		{"receive-errors", &in.Errors},
		{"receive-drops", &in.Drops},
		{"transmit-bytes", &out.Bytes},
		{"transmit-packets", &out.Packets},
		{"transmit-errors", &out.Errors},
		{"transmit-drops", &out.Drops},
	}
}

// Named returns the figures by their names.
func (i *Interface) Named() iter.Seq2[string, uint64] {
	return func(yield func(string, uint64) bool) {
		for _, one := range i.all() {
			if !yield(one.name, *one.value) {
				return
			}
		}
	}
}

// Put enters a figure by its name. It does nothing if nobody here knows the name.
func (i *Interface) Put(name string, value uint64) {
	for _, one := range i.all() {
		if one.name == name {
			*one.value = value
		}
	}
}

// NetDev reads a /proc/net/dev: two lines of heads, and a line for each link of a network namespace, with 16 numbers.
// It returns the links by name.
func NetDev(text []byte) (map[string]Interface, error) {
	links := make(map[string]Interface, bytes.Count(text, []byte{'\n'}))
	for n := 0; len(text) > 0; n++ {
		var l []byte
		if l, text = line(text); n < 2 {
			continue
		}
		name, numbers, _ := bytes.Cut(l, []byte{':'})
		i := Interface{Name: string(bytes.TrimSpace(name))}
		if err := i.read(numbers); err != nil {
			return nil, fmt.Errorf("link %q: %w", i.Name, err)
		}
		links[i.Name] = i
	}
	return links, nil
}

// read reads the numbers of a line: bytes, packets, errors and drops of what was received, four more, and the same of
// what was transmitted.
func (i *Interface) read(text []byte) (err error) {
	const all = 16
	n := 0
	for field := range bytes.FieldsSeq(text) {
		to := i.column(n)
		if n++; to == nil {
			continue
		}
		if *to, err = number(field); err != nil {
			return err
		}
	}
	if n < all {
		return fmt.Errorf("%d numbers, not %d", n, all)
	}
	return nil
}

// column returns the figure in a column of /proc/net/dev. It returns nil for a column that nobody asks for.
func (i *Interface) column(n int) *uint64 {
	const transmitted = 8 // the first column of them
	of := &i.Receive
	if n >= transmitted {
		of, n = &i.Transmit, n-transmitted
	}
	switch n {
	case 0:
		return &of.Bytes
	case 1:
		return &of.Packets
	case 2:
		return &of.Errors
	case 3:
		return &of.Drops
	}
	return nil
}
