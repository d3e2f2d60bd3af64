package supervisor

import (
	"fmt"
	"os"

	"github.com/berthd/berth/internal/wire"
)

// oomKills says how many processes the kernel has killed for want of memory. It returns nil if none was killed, or if
// the host does not count. Whether init was one of them only the kernel's log tells, which the scope's devices keep
// from this process.
func (s *supervisor) oomKills() *wire.Killed {
	if s.payload == nil {
		return nil
	}
	n, err := s.payload.Field("../memory.events", "oom_kill")
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "berth-supervisor: processes killed for want of memory:", err)
		return nil
	case n == nil || *n == 0:
		return nil
	}
	return &wire.Killed{OOMKills: *n}
}

// saveKilled writes the message to its file, for a berthd that comes later. It does nothing without a message.
func saveKilled(m *wire.Killed) error {
	if m == nil {
		return nil
	}
	return saveMessage(wire.KilledFile, m)
}
