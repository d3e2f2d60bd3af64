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

// Interface has the figures of one network interface of a container, as the container sees them: Receive is what came in.
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
	for n, name := range trafficNames() {
		f.Add(NetReceiveBytes+Figure(n), *i.named(name))
	}
	f.Interfaces = append(f.Interfaces, i)
}

// trafficNames are the names of the figures of an interface, in the order of the sums.
func trafficNames() [8]string {
	return [...]string{
		"receive-bytes", "receive-packets", "receive-errors", "receive-drops",
		"transmit-bytes", "transmit-packets", "transmit-errors", "transmit-drops",
	}
}

// named returns the figure of an interface with a name.
func (i *Interface) named(name string) *uint64 {
	switch name {
	case "receive-bytes":
		return &i.Receive.Bytes
	case "receive-packets":
		return &i.Receive.Packets
	case "receive-errors":
		return &i.Receive.Errors
	case "receive-drops":
		return &i.Receive.Drops
	case "transmit-bytes":
		return &i.Transmit.Bytes
	case "transmit-packets":
		return &i.Transmit.Packets
	case "transmit-errors":
		return &i.Transmit.Errors
	case "transmit-drops":
		return &i.Transmit.Drops
	}
	return nil
}

// Named returns the figures by their names.
func (i *Interface) Named() iter.Seq2[string, uint64] {
	return func(yield func(string, uint64) bool) {
		for _, name := range trafficNames() {
			if !yield(name, *i.named(name)) {
				return
			}
		}
	}
}

// Put enters a figure by its name. It does nothing if nobody here knows the name.
func (i *Interface) Put(name string, value uint64) {
	if to := i.named(name); to != nil {
		*to = value
	}
}

// NetDev reads a /proc/net/dev: two lines of heads, and a line for each link of a network namespace, with 16 numbers. It
// returns the links by name.
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
