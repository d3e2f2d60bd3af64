package launch

import (
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

// images mounts the block devices and images among the sources, attached nowhere. It is done here,
// not by the supervisor: the policy of its scope admits no block device, and the libraries would cost
// it memory. A device is let go with its last mount.
func images(sources []plan.Source) (files []*os.File, err error) {
	for _, src := range sources {
		if src.Kind == plan.SourceTree {
			continue
		}
		tree, err := imageTree(src)
		if err != nil {
			closeAll(files)
			return nil, fmt.Errorf("filesystem source %s: %w", src.Path, err)
		}
		files = append(files, tree)
	}
	return files, nil
}

func imageTree(src plan.Source) (*os.File, error) {
	mode, want, what := os.O_RDWR, uint32(unix.S_IFBLK), "block device"
	if src.ReadOnly {
		mode = os.O_RDONLY
	}
	if src.Kind == plan.SourceImage {
		want, what = unix.S_IFREG, "regular file"
	}
	// Not blocking: a pipe in its place would have us wait.
	f, err := os.OpenFile(src.Path, mode|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, errors.Unwrap(err) // the path is told once
	}
	defer func() { _ = f.Close() }()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != want {
		return nil, fmt.Errorf("it is no %s", what)
	}
	fs, err := fsprobe.Probe(f)
	if err != nil {
		return nil, err
	}
	readOnly := src.ReadOnly || fs.ReadOnly
	device := src.Path
	if src.Kind == plan.SourceImage {
		shown, err := loop.Attach(f, readOnly)
		if err != nil {
			return nil, err
		}
		defer func() { _ = shown.Close() }()
		device = shown.Name()
	}
	options := []mount.Option{{Key: "source", Value: device}}
	if readOnly {
		options = append(options, mount.Option{Key: "ro"})
	}
	attr := mount.NoDev
	if readOnly {
		attr |= mount.ReadOnly
	}
	tree, err := mount.New(fs.Name, options, attr)
	runtime.KeepAlive(f)
	return tree, err
}
