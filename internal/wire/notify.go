package wire

import "github.com/berthd/berth/internal/pack"

// MaxStatus is the longest status of init that is passed on, in bytes.
const MaxStatus = 1024

// Notified is what init has said so far (sd_notify(3)).
type Notified struct {
	Ready  bool   // READY=1
	Status string // STATUS=, UTF-8 without control characters
}

func (*Notified) kind() Type { return TypeNotified }

func (m *Notified) put(w *pack.Writer) {
	w.Bool(m.Ready)
	w.String(m.Status)
}
