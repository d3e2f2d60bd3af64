package launch

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

const passable = "; sockets, FIFOs, character devices and regular files can be passed"

// CheckPassed returns an error if a descriptor is of no kind that can be passed to a container. Those are sockets,
// FIFOs, terminals and other character devices, and regular files. A directory, and a descriptor that only stands
// for a path, would lead the container out of its root. Most of the kernel's objects without a path act for
// who opened them. A connection to a service of the host speaks for root.
func (*Supervisors) CheckPassed(f *os.File) error {
	fd := int(f.Fd())
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if flags&unix.O_PATH != 0 {
		return errors.New("it stands for a path only (O_PATH)" + passable)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFSOCK:
		return checkSocket(fd)
	case unix.S_IFIFO, unix.S_IFREG, unix.S_IFCHR:
		return nil
	case unix.S_IFDIR:
		return errors.New("it is a directory" + passable)
	case unix.S_IFBLK:
		return errors.New("it is a block device" + passable)
	}
	return errors.New("it is neither a socket nor a file (" + target(fd) + ")" + passable)
}

// target returns what the kernel calls a descriptor without a path, such as anon_inode:[eventpoll].
func target(fd int) string {
	name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return "of an unknown kind"
	}
	return name
}

// hostServices are the sockets whose connections speak for root: the message bus, systemd's own, and the
// supervisors'.
func hostServices() []string {
	return []string{"/run/dbus/", "/var/run/dbus/", "/run/systemd/private", "/run/berth/"}
}

func checkSocket(fd int) error {
	peer, err := unix.Getpeername(fd)
	if err != nil {
		return nil // it listens, or talks to anybody
	}
	if u, ok := peer.(*unix.SockaddrUnix); ok {
		for _, prefix := range hostServices() {
			if strings.HasPrefix(u.Name, prefix) {
				return fmt.Errorf("it is a connection to %s, over which the container could act as whoever made it", u.Name)
			}
		}
	}
	return nil
}

// pass sends the supervisor the descriptors for init. It ends the supervisor if that fails.
func (p *Process) pass(files []*os.File) error {
	if len(files) == 0 {
		return nil
	}
	if err := p.conn.Send(&wire.Passed{}, files...); err != nil {
		return p.giveUp(err)
	}
	return nil
}

// TakeKept returns the descriptors of init that came with its end, and makes them the caller's.
func (p *Process) TakeKept() []service.Kept {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.kept
	p.kept = nil
	return list
}

// kept takes the descriptors that outlived init. It returns nil if they are not as the message says.
func kept(m *wire.Kept, files *[]*os.File) (list []service.Kept) {
	if len(m.Places) != len(*files) {
		return nil
	}
	for i, f := range *files {
		list = append(list, service.Kept{Place: int(m.Places[i]), File: f})
	}
	*files = nil
	return list
}
