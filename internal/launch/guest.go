package launch

import (
	"bytes"
	"context"
	"fmt"
	"io"
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

// mostMounts bounds what is read of a mount table, in bytes. Root of a container can make 100,000 mounts (fs.mount-max)
// with 12 KiB of text each.
const mostMounts = 4 << 20

// MountTable returns init's mounts, as proc_pid_mountinfo(5) has them: the first ones, if there are very many.
func (p *Process) MountTable() (string, error) {
	held, err := p.Namespace("mnt") // whose checks make sure that the pid is init's
	if err != nil {
		return "", err
	}
	defer func() { _ = held.Close() }()
	text, err := beginning("/proc/"+strconv.FormatUint(uint64(p.Leader()), 10)+"/mountinfo", mostMounts)
	if err != nil {
		return "", fmt.Errorf("%w: %w", os.ErrProcessDone, err)
	}
	if !p.holdsPID() {
		return "", os.ErrProcessDone
	}
	return text, nil
}

// beginning returns the first lines of a file, most bytes at most.
func beginning(path string, most int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, most))
	if int64(len(text)) == most {
		text = text[:bytes.LastIndexByte(text, '\n')+1]
	}
	return string(text), err
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
