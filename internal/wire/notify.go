package wire

import "github.com/berthd/berth/internal/pack"

// MaxStatus is the longest status of init that is passed on, in bytes.
const MaxStatus = 1024

// Notify carries, from the init stage to the supervisor, the socket on which init says that it is ready.
type Notify struct{}

// Notified is what init has said so far (sd_notify(3)).
type Notified struct {
	Ready  bool   // READY=1
	Status string // STATUS=, UTF-8 without control characters
}

func (*Notify) kind() Type   { return TypeNotify }
func (*Notified) kind() Type { return TypeNotified }

func (*Notify) put(*pack.Writer) {}

func (m *Notified) put(w *pack.Writer) {
	w.Bool(m.Ready)
	w.String(m.Status)
}
