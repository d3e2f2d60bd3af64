package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/fsprobe"
	"github.com/berthd/berth/internal/linux/loop"
	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/plan"
)

// imageTrees mounts the block devices and images among the sources, attached nowhere. It is done here,
// not by the supervisor: the policy of its scope admits no block device, and the libraries would cost
// it memory. A device is let go with its last mount.
func (s *Supervisors) imageTrees(ctx context.Context, name, runDir string, sources []plan.Source) (files []*os.File, err error) {
	for i, src := range sources {
		if src.Kind == plan.SourceTree || src.Kind == plan.SourceSysfs {
			continue
		}
		tree, err := s.imageTree(ctx, src, served{container: name, socket: imageSocket(runDir, i)})
		if err != nil {
			closeAll(files)
			return nil, fmt.Errorf("filesystem source %s: %w", src.Path, err)
		}
		files = append(files, tree)
	}
	return files, nil
}

// within waits for files until ctx ends, and then no longer: the kernel cannot be called back from a
// device that does not answer. What comes after all is closed by the goroutine that got it.
func within(ctx context.Context, get func() ([]*os.File, error)) ([]*os.File, error) {
	type result struct {
		files []*os.File
		err   error
	}
	got := make(chan result)
	go func() {
		files, err := get()
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
		return nil, fmt.Errorf("filesystem sources do not answer: %w", ctx.Err())
	}
}

func (s *Supervisors) imageTree(ctx context.Context, src plan.Source, by served) (*os.File, error) {
	f, err := openImage(src.Path, src.Kind)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	device := src.Path
	if src.Format != "" {
		shown, err := s.serve(ctx, f, src, by)
		if err != nil {
			return nil, explain(err, src.ReadOnly)
		}
		defer func() { _ = shown.Close() }()
		f, device = shown, shown.Name()
	}
	fs, err := fsprobe.Probe(f)
	if err != nil {
		return nil, err
	}
	readOnly := src.ReadOnly || fs.ReadOnly
	if src.Kind == plan.SourceImage && src.Format == "" {
		shown, err := s.show(ctx, f, readOnly, by)
		if err != nil {
			return nil, explain(err, readOnly)
		}
		defer func() { _ = shown.Close() }()
		device = shown.Name()
	}
	options := []mount.Option{{Key: "source", Value: device}}
	// Not nosuid: it may be the container's /usr, whose su would not work; and out of the container's
	// mount namespace, where this tree only ever is, the kernel heeds no set-uid bit.
	attr := mount.NoDev
	if readOnly {
		options = append(options, mount.Option{Key: "ro"})
		attr |= mount.ReadOnly
	}
	tree, err := mount.New(fs.Name, options, attr)
	if err != nil {
		return nil, explain(err, readOnly)
	}
	return tree, nil
}

// show attaches an image to a loop device. What reads it is opened apart from what writes it: only
// then is it known whether it must be written to.
func (s *Supervisors) show(ctx context.Context, image *os.File, readOnly bool, by served) (*os.File, error) {
	locked, err := s.reserved(ctx, image, readOnly, by)
	if err != nil {
		return nil, err
	}
	defer func() { _ = locked.Close() }()
	return loop.Attach(locked, readOnly)
}

// reserved opens an image anew, for writing where it may be, and reserves it.
func (s *Supervisors) reserved(ctx context.Context, image *os.File, readOnly bool, by served) (*os.File, error) {
	mode := os.O_RDWR
	if readOnly {
		mode = os.O_RDONLY
	}
	locked, err := reopen(image, mode)
	if err != nil {
		return nil, err
	}
	if err := s.images.reserve(ctx, locked, readOnly, by.socket); err != nil {
		_ = locked.Close()
		return nil, err
	}
	return locked, nil
}

// openImage opens a source for reading, once it is known to be what the kind says: the open alone of
// another device may do something (a tape winds back, a watchdog starts, a pipe waits).
func openImage(path string, kind plan.SourceKind) (*os.File, error) {
	want, what := uint32(unix.S_IFBLK), "block device"
	if kind == plan.SourceImage {
		want, what = unix.S_IFREG, "regular file"
	}
	at, err := os.OpenFile(path, unix.O_PATH, 0)
	if err != nil {
		return nil, errors.Unwrap(err) // the path is told once
	}
	defer func() { _ = at.Close() }()
	var st unix.Stat_t
	err = unix.Fstat(int(at.Fd()), &st)
	runtime.KeepAlive(at)
	if err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != want {
		return nil, fmt.Errorf("it is no %s", what)
	}
	return reopen(at, os.O_RDONLY)
}

// reopen opens the same file again under the same name, wherever its path leads by now.
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

// explain adds what to do to the errors that say too little.
func explain(err error, readOnly bool) error {
	denied := errors.Is(err, unix.EROFS) || errors.Is(err, unix.EACCES)
	switch {
	case denied && readOnly:
		return fmt.Errorf("%w; where its journal must be replayed first, start once without <readonly/>", err)
	case denied:
		return fmt.Errorf("%w; where it cannot be written to, it needs <readonly/>", err)
	case errors.Is(err, unix.EBUSY):
		return fmt.Errorf("%w; somebody else uses it, or has it mounted with another <readonly/>", err)
	}
	return err
}
