package initproc

import (
	"path"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
)

// notify makes the socket on which init says that it is ready. Only root of the container may send to it.
func (s *Stage) notify() error {
	p := s.Plan.Notify
	if p == "" {
		return nil
	}
	dir := s.dirOf(p)
	socket := s.do("socket", "", unix.SYS_SOCKET, born.Int(unix.AF_UNIX), born.Int(unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK), born.Int(0))
	s.notice = []born.Arg{born.Of(socket)}
	// bind(2) knows no directory but the working one.
	s.do("chdir", path.Dir(p), unix.SYS_FCHDIR, dir)
	name := path.Base(p)
	address := native.AppendUint16(nil, unix.AF_UNIX)
	address = append(append(address, name...), 0)
	s.do("bind", p, unix.SYS_BIND, born.Of(socket), born.Bytes(address), born.Int(len(address)))
	s.do("chmod", p, unix.SYS_FCHMODAT, born.Int(unix.AT_FDCWD), born.Text(name), born.Int(0o600))
	s.do("chdir", "/", unix.SYS_CHDIR, born.Text("/"))
	return nil
}
