package supervisor

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/pidfd"
	"github.com/berthd/berth/internal/wire"
)

// accept takes a restarted berthd. The socket lies in a directory that only root may enter.
func (s *supervisor) accept() {
	if err := unix.SetNonblock(FDListen, true); err != nil {
		fmt.Fprintln(os.Stderr, "berth-supervisor: listen:", err)
		return
	}
	f := os.NewFile(FDListen, "listen")
	raw, err := f.SyscallConn()
	if err != nil {
		fmt.Fprintln(os.Stderr, "berth-supervisor: listen:", err)
		return
	}
	for {
		nfd := -1
		var aerr error
		err := raw.Read(func(fd uintptr) bool {
			nfd, _, aerr = unix.Accept4(int(fd), unix.SOCK_CLOEXEC)
			return aerr != unix.EAGAIN && aerr != unix.EINTR
		})
		if err != nil {
			return
		}
		if aerr != nil {
			continue
		}
		if c, err := wire.NewConn(nfd); err == nil {
			s.events <- event{hello: c}
		}
	}
}

// greet gives a new berthd the state of things; the old one, if it still seems to be there, is
// dead or will be: the bus name has one owner.
func (s *supervisor) greet(c *wire.Conn) {
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
