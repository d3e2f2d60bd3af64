package initproc

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/linux/tty"
	"github.com/berthd/berth/internal/wire"
)

func (s *stage) devices() error {
	for _, d := range s.plan.Devices {
		if err := s.root.Mknod(d.Path, unix.S_IFCHR|d.Mode, d.Major, d.Minor); err != nil {
			return err
		}
	}
	for _, l := range s.plan.Links {
		if err := s.root.Symlink(l.Target, l.Path); err != nil {
			return err
		}
	}
	return nil
}

// consoles opens the terminals in the container's devpts and sends both ends of each to the
// supervisor. The supervisor reads the masters. It also keeps the other ends open, so that a terminal
// does not hang up when the container's last process closes it.
func (s *stage) consoles() error {
	if s.devpts == nil {
		return errors.New("the plan has no devpts")
	}
	ends := make([]*os.File, 0, 2*s.plan.Consoles)
	for i := range s.plan.Consoles {
		master, n, err := tty.OpenMaster(s.devpts)
		if err != nil {
			return err
		}
		if n != i {
			return fmt.Errorf("console %d became pts/%d", i, n)
		}
		peer, err := tty.OpenPeer(s.devpts, n)
		if err != nil {
			return err
		}
		ends = append(ends, master, peer)
	}
	if err := s.conn.Send(&wire.Consoles{}, ends...); err != nil {
		return err
	}
	s.stdio = ends[1]
	for i, f := range ends {
		if i != 1 {
			_ = f.Close()
		}
	}
	return s.devConsole()
}

// devConsole bind-mounts the first console on /dev/console. systemd's container interface requires a
// mount there, not a link.
func (s *stage) devConsole() error {
	pts, err := s.root.Open("/dev/pts/"+strconv.Itoa(0), unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return err
	}
	defer func() { _ = pts.Close() }()
	m, err := mount.Clone(pts, mount.One)
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }()
	return s.attach(m, "/dev/console")
}
