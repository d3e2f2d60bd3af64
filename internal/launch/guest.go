package launch

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inside"
	"github.com/berthd/berth/internal/linux/namespace"
	"github.com/berthd/berth/service"
)

// HostName returns the host name in init's namespace.
func (p *Process) HostName() (name string, err error) {
	held, err := p.Namespace(string(namespace.UTS))
	if err != nil {
		return "", err
	}
	defer func() { _ = held.Close() }()
	err = namespace.Apart([]namespace.Held{{Kind: namespace.UTS, File: held}}, func() error {
		var u unix.Utsname
		if err := unix.Uname(&u); err != nil {
			return os.NewSyscallError("uname", err)
		}
		name = unix.ByteSliceToString(u.Nodename[:])
		return nil
	})
	return name, err
}

// MountTable returns init's mounts, as proc_pid_mountinfo(5) has them.
func (p *Process) MountTable() (string, error) {
	held, err := p.Namespace("mnt") // whose checks make sure that the pid is init's
	if err != nil {
		return "", err
	}
	defer func() { _ = held.Close() }()
	text, err := os.ReadFile("/proc/" + strconv.FormatUint(uint64(p.Leader()), 10) + "/mountinfo")
	if err != nil {
		return "", fmt.Errorf("%w: %w", os.ErrProcessDone, err)
	}
	if !p.holdsPID() {
		return "", os.ErrProcessDone
	}
	return string(text), nil
}

// ReadFile returns the beginning of a regular file of the container, at most most bytes.
func (p *Process) ReadFile(ctx context.Context, root service.Owner, path string, most int64) ([]byte, error) {
	got := make(chan []byte, 1)
	err := p.inside(ctx, root, false, func(c inside.Container) error {
		text, err := c.ReadFile(path, most)
		got <- text
		return err
	})
	if err != nil {
		return nil, err
	}
	return <-got, nil
}
