package supervisor

import (
	"errors"
	"fmt"
	"os"

	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/wire"
)

// greet gives a new berthd the state of things; the old one, if it still seems to be there, is
// dead or will be: the bus name has one owner.
func (s *supervisor) greet(c *wire.Conn, d *listener) {
	defer d.refill()
	if s.control != nil {
		_ = s.control.Close()
	}
	s.control = c
	go s.listen(c)
	self, err := pidfd.Open(os.Getpid())
	if err == nil {
		err = errors.Join(s.tell(&wire.Born{PID: s.initPID, Supervisor: uint32(os.Getpid())}, self), s.tell(&wire.Running{}))
		_ = self.Close()
	}
	if err != nil { // the container goes on, and berthd may ask again
		fmt.Fprintln(os.Stderr, "berth-supervisor: greet:", err)
	}
}
