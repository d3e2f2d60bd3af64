package cgroup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Freeze stops every process of the group and returns when all have stopped (kernel 5.2). If ctx
// ends first the group is thawed again.
func (d *Dir) Freeze(ctx context.Context) error {
	if err := d.write("cgroup.freeze", "1"); err != nil {
		return err
	}
	err := d.awaitEvent(ctx, "frozen", "1")
	if err != nil {
		return errors.Join(err, d.Thaw())
	}
	return nil
}

// Thaw lets the processes go on.
func (d *Dir) Thaw() error { return d.write("cgroup.freeze", "0") }

// Frozen reports whether the group was told to be frozen.
func (d *Dir) Frozen() (bool, error) {
	text, err := d.Read("cgroup.freeze")
	return strings.TrimSpace(text) == "1", err
}

// AwaitEmpty returns when no process is left in the group or below.
func (d *Dir) AwaitEmpty(ctx context.Context) error { return d.awaitEvent(ctx, "populated", "0") }

// awaitEvent waits until cgroup.events has key at value. The kernel signals a change by POLLPRI, at
// most once in 10 ms per group; a change that already happened is seen at once.
func (d *Dir) awaitEvent(ctx context.Context, key, value string) error {
	fd, err := unix.Openat(int(d.f.Fd()), "cgroup.events", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	runtime.KeepAlive(d)
	if err != nil {
		return &os.PathError{Op: "open", Path: d.f.Name() + "/cgroup.events", Err: err}
	}
	defer func() { _ = unix.Close(fd) }()
	cancel, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("eventfd: %w", err)
	}
	defer func() { _ = unix.Close(cancel) }()
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_, _ = unix.Write(cancel, []byte{1, 0, 0, 0, 0, 0, 0, 0})
		close(done)
	})
	defer func() {
		if !stop() {
			<-done // the descriptor must outlive the write
		}
	}()
	buf := make([]byte, 256)
	for {
		n, err := unix.Pread(fd, buf, 0)
		if errors.Is(err, unix.ENODEV) {
			return nil // the group is gone, and nothing is left in it
		}
		if err != nil {
			return &os.PathError{Op: "read", Path: d.f.Name() + "/cgroup.events", Err: err}
		}
		if field(string(buf[:n]), key) == value {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLPRI}, {Fd: int32(cancel), Events: unix.POLLIN}}
		if _, err := unix.Poll(fds, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("poll cgroup.events: %w", err)
		}
	}
}

// field finds a "key value" line in a flat keyed file.
func field(text, key string) string {
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), " "); ok && k == key {
			return v
		}
	}
	return ""
}

// Number reads a single-value file; nil when the file is missing, as without its controller.
func (d *Dir) Number(name string) (*uint64, error) { return number(d.Read(name)) }

// Field reads one key of a flat keyed file, in the same way.
func (d *Dir) Field(name, key string) (*uint64, error) {
	text, err := d.Read(name)
	return number(field(text, key), err)
}

func number(text string, err error) (*uint64, error) {
	if errors.Is(err, unix.ENOENT) {
		return nil, nil //nolint:nilnil // documented: no figure
	}
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("control group figure: %w", err)
	}
	return &n, nil
}
