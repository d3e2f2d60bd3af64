package supervisor

import (
	"fmt"
	"os"
	"syscall"

	"github.com/berthd/berth/internal/linux/kernlog"
	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/wire"
)

// oomKills says how many processes the kernel has killed for want of memory, and whether init was one of them. It returns
// nil if none was killed, or if the host does not count. st is how init ended.
//
// Only the kernel's log tells that of init: the count may be of earlier ones, and others send SIGKILL too.
func (s *supervisor) oomKills(st pidfd.Status) *wire.Killed {
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
	killed := &wire.Killed{OOMKills: *n}
	if st.Signal && st.Code == int32(syscall.SIGKILL) {
		log, err := kernlog.Read()
		if err != nil {
			fmt.Fprintln(os.Stderr, "berth-supervisor: whether init was killed for want of memory is not known:", err)
		}
		killed.Init = kernlog.Names(log, s.initPID)
	}
	return killed
}

// saveKilled writes the message to its file, for a berthd that comes later. It does nothing without a message.
func saveKilled(m *wire.Killed) error {
	if m == nil {
		return nil
	}
	return saveMessage(wire.KilledFile, m)
}
