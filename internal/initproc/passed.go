package initproc

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/wire"
)

// firstPassed is the number of the first descriptor that init is passed (sd_listen_fds(3)).
const firstPassed = 3

// placePassed gives the descriptors for init their numbers, and has them stay open over the exec. Each comes down
// from a higher number: the supervisor's socket, the plan and more were handed in front of them. So no
// descriptor of the Go runtime, which opened its own later, is in the way. The socket is: it moves up first,
// since a failed exec is told over it.
func (s *stage) placePassed() error {
	if s.plan.Passed == 0 {
		return nil
	}
	above, err := unix.FcntlInt(FDWire, unix.F_DUPFD_CLOEXEC, firstPassed+s.plan.Passed)
	if err != nil {
		return fmt.Errorf("dup the socket: %w", err)
	}
	conn, err := wire.NewConn(above)
	if err != nil {
		return err
	}
	s.conn = conn // the old one is not closed: its number is that of a passed one now
	from := FDSources
	if !s.plan.Namespaces.User {
		from += len(s.plan.Sources)
	}
	for i := range s.plan.Passed {
		if err := unix.Dup3(from+i, firstPassed+i, 0); err != nil {
			return fmt.Errorf("dup %d: %w", from+i, err)
		}
	}
	return nil
}
