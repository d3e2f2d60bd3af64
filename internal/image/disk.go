package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/plan"
)

// Attach shows an image file as a block device, the disk n of a run. It returns the device, open, with its numbers. The
// kernel detaches the device with its last descriptor. It returns an error if another container uses the image, and
// ctx's error if the image does not answer before ctx ends.
func (m *Images) Attach(ctx context.Context, runDir string, n int, file string, readOnly bool) (device *os.File, major, minor uint32, err error) {
	by := imageUser{socket: filepath.Join(runDir, "disk"+strconv.Itoa(n))}
	list, err := waitFor(ctx, func(func(string)) ([]*os.File, error) {
		device, err := m.attachDisk(ctx, file, readOnly, by)
		return []*os.File{device}, err
	})
	if err != nil {
		return nil, 0, 0, fmt.Errorf("%s: %w", file, err)
	}
	var st unix.Stat_t
	err = unix.Fstat(int(list[0].Fd()), &st)
	runtime.KeepAlive(list[0])
	if err != nil {
		_ = list[0].Close()
		return nil, 0, 0, fmt.Errorf("%s: %w", list[0].Name(), err)
	}
	return list[0], unix.Major(st.Rdev), unix.Minor(st.Rdev), nil
}

func (m *Images) attachDisk(ctx context.Context, file string, readOnly bool, by imageUser) (*os.File, error) {
	f, err := openImage(file, plan.SourceImage)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	device, err := m.attachLoop(ctx, f, readOnly, by)
	return device, explain(err, readOnly)
}
