package wire

import "github.com/berthd/berth/internal/pack"

// Killed says that the kernel has killed processes of the container for want of memory. It comes before Exited, unless
// none was killed: Exited may not grow (TestDowngrade).
type Killed struct {
	OOMKills uint64 // processes, in the whole run
}

func (*Killed) kind() Type { return TypeKilled }

func (m *Killed) put(w *pack.Writer) {
	w.U64(m.OOMKills)
}
