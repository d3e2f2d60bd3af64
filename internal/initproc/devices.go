package initproc

import (
	"errors"
	"fmt"
	"path"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/plan"
)

func (s *Stage) devices() error {
	for _, d := range s.Plan.Devices {
		kind := uint32(unix.S_IFCHR)
		if d.Block {
			kind = unix.S_IFBLK
		}
		s.do("mknod in the container", d.Path, unix.SYS_MKNODAT, s.dirOf(d.Path), born.Text(path.Base(d.Path)),
			born.Int(kind|d.Mode), born.Int(unix.Mkdev(d.Major, d.Minor)))
	}
	for _, l := range s.Plan.Links {
		s.do("symlink in the container", l.Path, unix.SYS_SYMLINKAT, born.Text(l.Target), s.dirOf(l.Path), born.Text(path.Base(l.Path)))
	}
	return nil
}

// takeNodes takes each node of a host device, a file in the source on the shelf.
func (s *Stage) takeNodes(source int) {
	s.nodes = map[*plan.Mount]tree{}
	for i := range s.Plan.Mounts {
		if m := &s.Plan.Mounts[i]; m.Kind == plan.MountSource && m.Source == source {
			s.nodes[m] = s.takeFrom(strconv.Itoa(source)+"/"+m.From, m.Target, file)
		}
	}
}

// consoles opens the terminals in the container's devpts, both ends of each. The supervisor reads the masters. It also
// keeps the other ends open, so that a terminal does not hang up when the container's last process closes it.
func (s *Stage) consoles() error {
	for i := range s.Plan.Consoles {
		if err := s.terminal(i); err != nil {
			return err
		}
	}
	return s.devConsole()
}

// terminal opens a new pair in the container's devpts.
func (s *Stage) terminal(i int) error {
	if s.devpts.name == "" {
		return errors.New("the plan has no devpts")
	}
	const both = unix.O_RDWR | unix.O_NOCTTY | unix.O_CLOEXEC
	master := born.Of(s.do("open ptmx", "", unix.SYS_OPENAT, s.devpts.fd, born.Text("ptmx"), born.Int(both|unix.O_NONBLOCK), born.Int(0)))
	unlocked, number := s.Worker.Room(4), s.Worker.Room(4)
	native.PutUint32(number, unseen)
	s.do("unlock pty", "", unix.SYS_IOCTL, master, born.Int(unix.TIOCSPTLCK), born.At(unlocked))
	s.do("pty number", "", unix.SYS_IOCTL, master, born.Int(unix.TIOCGPTN), born.At(number))
	s.numbers = append(s.numbers, number)
	name := strconv.Itoa(i)
	peer := born.Of(s.do("open pts/"+name, "", unix.SYS_OPENAT, s.devpts.fd, born.Text(name), born.Int(both|unix.O_NOFOLLOW), born.Int(0)))
	s.console = append(s.console, master, peer)
	return nil
}

// unseen is the number of a terminal that was not opened.
const unseen = 1<<32 - 1

// checkNumbers returns an error if a console has not become the terminal of its number.
func (s *Stage) checkNumbers() error {
	for _, room := range s.numbers {
		if n := native.Uint32(room); n != uint32(s.numbered) && n != unseen {
			return &stageError{"consoles", fmt.Errorf("console %d became pts/%d", s.numbered, n)}
		}
		s.numbered++
	}
	return nil
}

// devConsole bind-mounts the first console on /dev/console. systemd's container interface requires a
// mount there, not a link.
func (s *Stage) devConsole() error {
	const pts = "/dev/pts/0"
	s.attach(s.clone(tree{fd: s.openThere(pts, unix.O_PATH|unix.O_NOFOLLOW), name: pts, kind: file}), "/dev/console", 0)
	return nil
}
