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

// Freeze freezes the group, and returns when every process has stopped (cgroup.freeze, Linux 5.2). If
// ctx ends first, it thaws the group and returns ctx's error.
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

// Thaw lets the processes of a frozen group go on.
func (d *Dir) Thaw() error { return d.write("cgroup.freeze", "0") }

// Frozen reports whether the group was told to freeze. Some of its processes may not have stopped yet.
func (d *Dir) Frozen() (bool, error) {
	text, err := d.Read("cgroup.freeze")
	return strings.TrimSpace(text) == "1", err
}

// Freezer is a group's cgroup.freeze, open to be read often.
type Freezer struct{ f *os.File }

// Freezer opens the group's. The caller closes it, or keeps it as long as the process lives.
func (d *Dir) Freezer() (*Freezer, error) {
	const name = "cgroup.freeze"
	fd, err := unix.Openat(int(d.f.Fd()), name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	runtime.KeepAlive(d)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: d.f.Name() + "/" + name, Err: err}
	}
	return &Freezer{os.NewFile(uintptr(fd), d.f.Name()+"/"+name)}, nil
}

// Close closes the descriptor.
func (f *Freezer) Close() error { return f.f.Close() }

// Frozen is that of the group's Dir.
func (f *Freezer) Frozen() (bool, error) {
	var text [4]byte
	n, err := unix.Pread(int(f.f.Fd()), text[:], 0)
	runtime.KeepAlive(f)
	if err != nil {
		return false, &os.PathError{Op: "read", Path: f.f.Name(), Err: err}
	}
	return n > 0 && text[0] == '1', nil
}

// Stopped reports whether all processes of the group are stopped, because it or a group above it was told to freeze. A
// process that is created in such a group does not begin.
func (d *Dir) Stopped() (bool, error) {
	text, err := d.Read("cgroup.events")
	return field(text, "frozen") == "1", err
}

// Populated reports whether a process is in the group or below it.
func (d *Dir) Populated() (bool, error) {
	text, err := d.Read("cgroup.events")
	return field(text, "populated") == "1", err
}

// AwaitEmpty returns when no process is left in the group and its sub-groups. It returns ctx's error
// if ctx ends first.
func (d *Dir) AwaitEmpty(ctx context.Context) error { return d.awaitEvent(ctx, "populated", "0") }

// awaitEvent waits until the key in cgroup.events has that value. The kernel signals a change by
// POLLPRI, at most once in 10 ms per group. A change that has already happened is seen at once.
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
			return nil // the group was removed, and only an empty one can be
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

// field returns the value of a key in a flat-keyed file, or "" if the key is missing.
func field(text, key string) string {
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), " "); ok && k == key {
			return v
		}
	}
	return ""
}

// Field reads the number of one key of a flat-keyed file. It returns nil if the file is missing.
func (d *Dir) Field(name, key string) (*uint64, error) {
	text, err := d.Read(name)
	if errors.Is(err, unix.ENOENT) {
		return nil, nil //nolint:nilnil // documented: no figure
	}
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(field(text, key), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("control group figure: %w", err)
	}
	return &n, nil
}
