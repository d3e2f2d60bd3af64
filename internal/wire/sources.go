package wire

import (
	"fmt"

	"github.com/berthd/berth/internal/pack"
)

// TakeApart takes the sources out of a Prepare that would be larger than a packet, and returns them packed, for
// a file. It returns nil if the message fits.
func (m *Prepare) TakeApart() []byte {
	if len(Encode(m)) <= MaxPacket {
		return nil
	}
	var w pack.Writer
	putSources(&w, m.Sources)
	m.Sources, m.Apart = nil, true
	return w.Bytes()
}

// PutBack reads the sources that TakeApart packed. It returns ErrUnreadable if the text is malformed.
func (m *Prepare) PutBack(packed []byte) error {
	r := pack.NewReader(packed)
	m.Sources, m.Apart = sources(r), false
	if err := r.End(); err != nil {
		return fmt.Errorf("%w: sources: %w", ErrUnreadable, err)
	}
	return nil
}

func putSources(w *pack.Writer, list []Source) {
	w.U32(uint32(len(list)))
	for _, s := range list {
		w.String(s.Path)
		w.Bool(s.Recursive)
		w.Bool(s.IDMapped)
		w.Bool(s.ReadOnly)
		w.Bool(s.Supplied)
	}
}

func sources(r *pack.Reader) (list []Source) {
	for range r.Count(8) {
		list = append(list, Source{Path: r.String(), Recursive: r.Bool(), IDMapped: r.Bool(), ReadOnly: r.Bool(), Supplied: r.Bool()})
	}
	return list
}
