package supervisor

import (
	"errors"
	"fmt"
	"os"

	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/wire"
)

// greet makes a new berthd the supervisor's daemon, and sends it Born, the commands and Running. It closes the
// connection to an old berthd: only one can own the bus name, so the old one is dead or about to end.
func (s *supervisor) greet(c *wire.Conn, l *listener) {
	defer l.refill()
	if s.control != nil {
		_ = s.control.Close()
	}
	s.control = c
	go s.listen(c)
	self, err := pidfd.Open(os.Getpid())
	if err == nil {
		err = s.tell(&wire.Born{PID: s.initPID, Supervisor: uint32(os.Getpid())}, self)
		if s.asked {
			err = errors.Join(err, s.tell(&wire.Asked{}))
		}
		s.recount()
		err = errors.Join(err, s.tell(&wire.Running{}))
		if s.said != nil {
			err = errors.Join(err, s.tell(s.said))
		}
		_ = self.Close()
	}
	if err != nil { // the container goes on, and berthd may ask again
		fmt.Fprintln(os.Stderr, "berth-supervisor: greet:", err)
	}
}
