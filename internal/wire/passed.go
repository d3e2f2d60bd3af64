package wire

import "github.com/berthd/berth/internal/pack"

// MaxPassed is how many descriptors can be passed to a container: as many as one message carries.
const MaxPassed = maxFDs

// Passed carries the descriptors for init, in their order. It follows a Prepare that announces it.
type Passed struct{}

// Kept carries those of the passed descriptors that outlive init, for the next run. Places are their places among
// those that were passed. It comes before Exited.
type Kept struct{ Places []uint32 }

func (*Passed) kind() Type       { return TypePassed }
func (*Passed) put(*pack.Writer) {}

func (*Kept) kind() Type { return TypeKept }

func (m *Kept) put(w *pack.Writer) {
	w.U32(uint32(len(m.Places)))
	for _, n := range m.Places {
		w.U32(n)
	}
}

func numbers(r *pack.Reader) (list []uint32) {
	for range r.Count(4) {
		list = append(list, r.U32())
	}
	return list
}
