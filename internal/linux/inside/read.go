package inside

import (
	"fmt"
	"io"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inroot"
)

// ReadFile returns the beginning of a regular file of the container, at most most bytes. It opens nothing else: to open
// a device or a FIFO has effects. It returns fs.ErrNotExist if there is no such file.
func (c *Container) ReadFile(p string, most int64) (text []byte, err error) {
	err = c.apart(func(root inroot.Root) error {
		looked, err := root.Open(p, unix.O_PATH)
		if err != nil {
			return err
		}
		defer func() { _ = looked.Close() }()
		if err := regular(looked); err != nil {
			return err
		}
		f, err := root.Open(p, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		if err := regular(f); err != nil { // somebody may have replaced it in between
			return err
		}
		text, err = io.ReadAll(io.LimitReader(f, most))
		return err
	})
	return text, err
}

func regular(f *os.File) error {
	var st unix.Stat_t
	err := unix.Fstat(int(f.Fd()), &st)
	runtime.KeepAlive(f)
	switch {
	case err != nil:
		return &os.PathError{Op: "stat in the container", Path: f.Name(), Err: err}
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return fmt.Errorf("%s in the container is not a regular file", f.Name())
	}
	return nil
}
