package wire

import "golang.org/x/sys/unix"

// HasRoom reports whether the other side has left no more unread than a quarter of what the socket holds (unix_writable
// of the kernel). A Send does not wait then. It is true, too, if the other side has ended.
func (c *Conn) HasRoom() bool {
	raw, err := c.f.SyscallConn()
	if err != nil {
		return true // a Send says why
	}
	room := true
	_ = raw.Control(func(fd uintptr) {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, 0)
		room = n != 0 || err != nil
	})
	return room
}
