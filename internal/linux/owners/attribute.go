package owners

import (
	"errors"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Attribute reads an extended attribute of an open file, also of one that is open by O_PATH, into value. It returns
// false if the file has none of this name, as all files of a file system that keeps none. Of a longer value it returns
// an empty one.
func Attribute(f *os.File, name string, value []byte) (_ []byte, found bool, err error) {
	path := "/proc/self/fd/" + strconv.Itoa(int(f.Fd())) // leads to the file itself, and no further if that is a link
	defer runtime.KeepAlive(f)
	for {
		n, err := unix.Getxattr(path, name, value)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ENODATA), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EACCES): // EACCES: a user's FUSE
			return nil, false, nil
		case errors.Is(err, unix.ERANGE):
			return nil, true, nil
		case err != nil:
			return nil, false, &os.PathError{Op: "read " + name + " of", Path: f.Name(), Err: err}
		default:
			return value[:n], true, nil
		}
	}
}
