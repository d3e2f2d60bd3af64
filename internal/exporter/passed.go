package exporter

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Passed returns the listening socket that systemd has passed under a name, nil if it has passed none (sd_listen_fds(3)). It
// must be called before the first fork: until then a child would inherit the descriptors and the variables.
//
// go-systemd's package for this links crypto/tls.
func Passed(name string) (net.Listener, error) {
	const first = 3
	count, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	ours := os.Getenv("LISTEN_PID") == strconv.Itoa(os.Getpid())
	names := strings.Split(os.Getenv("LISTEN_FDNAMES"), ":")
	for _, v := range []string{"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"} {
		_ = os.Unsetenv(v)
	}
	if err != nil || !ours {
		return nil, nil
	}
	var found net.Listener
	for fd := first; fd < first+count; fd++ {
		syscall.CloseOnExec(fd)
		f := os.NewFile(uintptr(fd), "passed")
		if n := fd - first; found == nil && n < len(names) && names[n] == name {
			found, err = net.FileListener(f) // a copy
		}
		_ = f.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("socket %s of systemd: %w", name, err)
	}
	return found, nil
}
