package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/fsprobe"
	"github.com/berthd/berth/internal/linux/loop"
	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/linux/nbd"
	"github.com/berthd/berth/internal/plan"
)

// Images mounts images. It remembers for which container each image was last attached.
type Images struct {
	startHelper StartHelper
	locks       *locks
}

// StartHelper puts a process that serves a container's image into a unit of its own. systemd must stop that
// unit after the container's: the process must live until the image is unmounted.
// The unit is in the slice of the container, so that the slice's limits hold for both.
type StartHelper func(ctx context.Context, container, slice string, pid uint32) error

// New returns an Images. Only root may open the file lockFile, which it makes. It disconnects the nbd devices that a
// killed daemon left.
func New(startHelper StartHelper, lockFile string) *Images {
	nbd.Sweep()
	return &Images{startHelper: startHelper, locks: newLocks(lockFile)}
}

// Mount mounts the block devices and images among the sources, in their order. The daemon does it, not the supervisor:
// the supervisor's scope allows no block device, and the libraries would cost each supervisor memory. All files of a
// mount get the label, if it is not empty. It returns ctx's error if a device or image does not answer before ctx ends.
func (m *Images) Mount(ctx context.Context, container, slice, runDir, label string, sources []plan.Source) ([]*os.File, error) {
	return waitFor(ctx, func(at func(string)) ([]*os.File, error) {
		return m.mountAll(ctx, imageUser{container: container, slice: slice, label: label}, runDir, sources, at)
	})
}

// MountOne mounts one block device or image, the file system n of a run, as Mount does.
func (m *Images) MountOne(ctx context.Context, container, slice, runDir, label string, n int, src plan.Source) (*os.File, error) {
	by := imageUser{container: container, slice: slice, label: label, socket: imageSocket(runDir, n)}
	files, err := waitFor(ctx, func(at func(string)) ([]*os.File, error) {
		at(src.Path)
		tree, err := m.tree(ctx, src, by)
		return []*os.File{tree}, err
	})
	if err != nil {
		return nil, err
	}
	return files[0], nil
}

func (m *Images) mountAll(ctx context.Context, by imageUser, runDir string, sources []plan.Source, at func(string)) (files []*os.File, err error) {
	for i, src := range sources {
		if src.Kind != plan.SourceBlock && src.Kind != plan.SourceImage {
			continue
		}
		at("filesystem source " + src.Path)
		by.socket = imageSocket(runDir, i)
		tree, err := m.tree(ctx, src, by)
		if err != nil {
			closeAll(files)
			return nil, fmt.Errorf("filesystem source %s: %w", src.Path, err)
		}
		files = append(files, tree)
	}
	return files, nil
}

// waitFor returns the files of get, or an error as soon as ctx ends: a system call on a device that does not answer
// cannot be cancelled. The error has what get has told at that it is at. If get returns later, its goroutine closes the
// files.
func waitFor(ctx context.Context, get func(at func(string)) ([]*os.File, error)) ([]*os.File, error) {
	type result struct {
		files []*os.File
		err   error
	}
	got := make(chan result)
	var last atomic.Value
	last.Store("it")
	go func() {
		files, err := get(func(what string) { last.Store(what) })
		select {
		case got <- result{files, err}:
		case <-ctx.Done():
			closeAll(files)
		}
	}()
	select {
	case r := <-got:
		return r.files, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%s does not answer: %w", last.Load(), ctx.Err())
	}
}

func (m *Images) tree(ctx context.Context, src plan.Source, by imageUser) (*os.File, error) {
	f, err := openImage(src.Path, src.Kind)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	device := src.Path
	if src.Format != "" {
		attached, err := m.serveNBD(ctx, f, src, by)
		if err != nil {
			return nil, explain(err, src.ReadOnly)
		}
		defer func() { _ = attached.Close() }()
		f, device = attached, attached.Name()
	}
	fs, err := fsprobe.Probe(f)
	if err != nil {
		return nil, err
	}
	readOnly := src.ReadOnly || fs.ReadOnly
	if src.Kind == plan.SourceImage && src.Format == "" {
		attached, err := m.attachLoop(ctx, f, readOnly, by)
		if err != nil {
			return nil, explain(err, readOnly)
		}
		defer func() { _ = attached.Close() }()
		device = attached.Name()
	}
	options := append([]mount.Option{{Key: "source", Value: device}}, copied(fs.Name)...)
	if by.label != "" { // the image's own labels, which anybody may have made, say nothing then
		options = append(options, mount.Option{Key: "context", Value: by.label})
	}
	// Not nosuid: su would not work in an image that is the container's /usr. The host is safe all the same:
	// the tree is only mounted in the container's mount namespace, and the kernel ignores its set-uid bits
	// outside.
	attr := mount.NoDev
	if readOnly {
		options = append(options, mount.Option{Key: "ro"})
		attr |= mount.ReadOnly
	}
	tree, err := mount.New(fs.Name, options, attr)
	if err != nil {
		return nil, explainType(fs.Name, explain(err, readOnly))
	}
	return tree, nil
}

// copied returns the options that mount a file system beside a copy of it. xfs is known by its uuid, and the kernel
// mounts a second one of the same uuid only with "nouuid" (Documentation/admin-guide/xfs.rst).
func copied(fstype string) []mount.Option {
	if fstype == "xfs" {
		return []mount.Option{{Key: "nouuid"}}
	}
	return nil
}

// attachLoop attaches an image to a loop device. It opens the image again: the caller probed it through a
// read-only descriptor to learn whether it must be opened for writing.
func (m *Images) attachLoop(ctx context.Context, image *os.File, readOnly bool, by imageUser) (*os.File, error) {
	held, err := m.locks.take(ctx, image, readOnly, by.socket)
	if err != nil {
		return nil, err
	}
	defer func() { _ = held.Close() }() // from then on the device shows the image
	mode := os.O_RDWR
	if readOnly {
		mode = os.O_RDONLY
	}
	opened, err := reopen(image, mode)
	if err != nil {
		return nil, err
	}
	defer func() { _ = opened.Close() }()
	device, err := loop.Attach(opened, readOnly)
	if err != nil {
		return nil, err
	}
	if err := m.locks.loops.attached(image, device.Name()); err != nil {
		_ = device.Close()
		return nil, err
	}
	return device, nil
}

// openImage opens a source for reading. It checks the kind of file first, and returns an error if that is
// wrong: opening another file may have an effect (a tape rewinds, a watchdog starts, a FIFO waits).
func openImage(path string, kind plan.SourceKind) (*os.File, error) {
	want, what := uint32(unix.S_IFBLK), "block device"
	if kind == plan.SourceImage {
		want, what = unix.S_IFREG, "regular file"
	}
	at, err := os.OpenFile(path, unix.O_PATH, 0)
	if err != nil {
		return nil, errors.Unwrap(err) // the caller names the path
	}
	defer func() { _ = at.Close() }()
	var st unix.Stat_t
	err = unix.Fstat(int(at.Fd()), &st)
	runtime.KeepAlive(at)
	if err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != want {
		return nil, fmt.Errorf("it is not a %s", what)
	}
	return reopen(at, os.O_RDONLY)
}

// reopen opens the same file again, also if its path leads to another file by now.
func reopen(f *os.File, mode int) (*os.File, error) {
	path := fmt.Sprintf("/proc/self/fd/%d", f.Fd())
	for {
		fd, err := unix.Open(path, mode|unix.O_CLOEXEC, 0)
		runtime.KeepAlive(f)
		if err == nil {
			return os.NewFile(uintptr(fd), f.Name()), nil
		}
		if !errors.Is(err, unix.EINTR) {
			return nil, err
		}
	}
}

// explain adds advice to an error.
func explain(err error, readOnly bool) error {
	denied := errors.Is(err, unix.EROFS) || errors.Is(err, unix.EACCES)
	switch {
	case denied && readOnly:
		return fmt.Errorf("%w; if its journal must be replayed first, start once without <readonly/>", err)
	case denied:
		return fmt.Errorf("%w; if it cannot be written to, it needs <readonly/>", err)
	case errors.Is(err, unix.EBUSY):
		return fmt.Errorf("%w; it is in use, or mounted elsewhere with another <readonly/>", err)
	}
	return err
}

// explainType adds what is known of a type of file system to an error. Before Linux 6.7 the kernel knows a btrfs by
// its uuid alone, and has no option against that.
func explainType(fstype string, err error) error {
	if fstype == "btrfs" && (errors.Is(err, unix.EEXIST) || errors.Is(err, unix.EBUSY)) {
		return fmt.Errorf("%w; a btrfs of this uuid is mounted already, and this kernel cannot mount a copy of it or mount it twice; btrfstune -u gives a copy another uuid", err)
	}
	return err
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}
