package initproc

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/account"
	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/plan"
)

// credentials are the ids that init runs with.
type credentials struct {
	uid, gid int
	groups   []int
}

// identity sets the host name and brings the loopback interface up. The container has its files by then: the supervisor
// gets what the child has opened, and the child reads the container's own users.
func (s *Stage) identity() error {
	if name := s.Plan.Hostname; name != "" && s.Plan.Namespaces.UTS {
		s.do("set host name", name, unix.SYS_SETHOSTNAME, born.Bytes([]byte(name)), born.Int(len(name)))
	}
	if s.Plan.LoopbackUp {
		s.loopbackUp()
	}
	opened := append([]born.Arg{s.root.fd}, s.console...)
	opened = append(opened, s.notice...)
	const most = 200 // descriptors in one message
	for rest := opened; len(rest) > 0; rest = rest[min(most, len(rest)):] {
		s.Worker.Send(rest[:min(most, len(rest))]...)
	}
	if err := s.Worker.Run(); err != nil {
		return err
	}
	files := s.Worker.Received()
	if len(files) != len(opened) {
		closeAll(files)
		return fmt.Errorf("%d descriptors came from the child, not %d", len(files), len(opened))
	}
	s.top = files[0]
	var notice *os.File
	if len(s.notice) > 0 {
		notice = files[len(files)-1]
	}
	if err := s.Supervisor.Opened(files[1:1+len(s.console)], notice); err != nil {
		return err
	}
	return s.lookUpUser()
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}

func (s *Stage) loopbackUp() {
	const size = 40 // struct ifreq
	socket := s.do("socket", "", unix.SYS_SOCKET, born.Int(unix.AF_INET), born.Int(unix.SOCK_DGRAM|unix.SOCK_CLOEXEC), born.Int(0))
	request := make([]byte, size)
	copy(request, "lo")
	native.PutUint16(request[unix.IFNAMSIZ:], unix.IFF_UP|unix.IFF_RUNNING)
	s.do("bring lo up", "", unix.SYS_IOCTL, born.Of(socket), born.Int(unix.SIOCSIFFLAGS), born.Bytes(request))
}

func (s *Stage) lookUpUser() error {
	i := s.Plan.Init
	if i.User == "" && i.Group == "" {
		return nil
	}
	found, err := account.LookUpIn(s.readable, i.User, i.Group)
	if unknown, ok := errors.AsType[*account.Unknown](err); ok {
		return fmt.Errorf("init%w", unknown) // inituser or initgroup
	}
	if err != nil {
		return err
	}
	s.user = credentials{uid: found.UID, gid: found.GID, groups: found.Groups}
	if !s.Plan.Namespaces.User {
		return nil
	}
	if !mapped(s.Plan.UIDs, found.UID) {
		return fmt.Errorf("inituser %.60q is user %d, which the container's idmap does not have", i.User, found.UID)
	}
	for _, gid := range append([]int{found.GID}, found.Groups...) {
		if !mapped(s.Plan.GIDs, gid) {
			return fmt.Errorf("inituser %.60q, initgroup %.60q has group %d, which the container's idmap does not have", i.User, i.Group, gid)
		}
	}
	return nil
}

// mapped reports whether an id in the container belongs to one of the ranges. A process cannot have
// any other id.
func mapped(ranges []plan.IDRange, id int) bool {
	for _, r := range ranges {
		if start := int(r.Inside); id >= start && id-start < int(r.Count) {
			return true
		}
	}
	return false
}

// findInit returns an error if init is missing or cannot be executed. execve(2) would fail too, but
// later and with a worse message.
func (s *Stage) findInit() error {
	f, err := s.inside().Open(s.Plan.Init.Path, unix.O_PATH)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return &os.PathError{Op: "stat", Path: s.Plan.Init.Path, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Mode&0o111 == 0 {
		return &os.PathError{Op: "execute", Path: s.Plan.Init.Path, Err: unix.EACCES}
	}
	return nil
}

// session makes the child a session leader, with the first console as its controlling terminal and
// its standard descriptors. It also enters init's working directory.
func (s *Stage) session() error {
	tty := s.console[1]
	s.do("setsid", "", unix.SYS_SETSID)
	s.do("controlling terminal", "", unix.SYS_IOCTL, tty, born.Int(unix.TIOCSCTTY), born.Int(0))
	s.do("chown console", "", unix.SYS_FCHOWN, tty, born.Int(s.user.uid), born.Int(-1))
	for fd := range 3 {
		s.do("dup console", "", unix.SYS_DUP3, tty, born.Int(fd), born.Int(0))
	}
	s.do("chdir", s.Plan.Init.Dir, unix.SYS_FCHDIR, s.openThere(s.Plan.Init.Dir, unix.O_PATH|unix.O_DIRECTORY))
	s.do("umask", "", unix.SYS_UMASK, born.Int(0o022))
	// Before the filter, which can deny keyctl(2). The root of the container is charged for it. A name would not do,
	// not even an empty one: it joins whoever has that name already.
	s.do("join a new session keyring", "", unix.SYS_KEYCTL, born.Int(unix.KEYCTL_JOIN_SESSION_KEYRING), born.Int(0), born.Int(0), born.Int(0), born.Int(0))
	s.Worker.Tolerate(unix.EDQUOT, unix.ENOSYS)
	return nil
}
