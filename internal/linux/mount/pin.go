package mount

import (
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Pin keeps a namespace that may have no process: it mounts its file on path, an empty file. Detach ends that.
func Pin(namespace *os.File, path string) error {
	err := unix.Mount("/proc/self/fd/"+strconv.Itoa(int(namespace.Fd())), path, "", unix.MS_BIND, "")
	runtime.KeepAlive(namespace)
	if err != nil {
		return &Error{Op: "bind", Object: path, Err: err}
	}
	return nil
}
