package listenfds

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Passed returns the listening sockets that systemd has passed under some names, those that there are. It closes all
// others. It must be called before the first fork: until then a child would inherit the descriptors and the variables.
// It returns an error with the sockets that can be used if another cannot.
//
// go-systemd's package for this links crypto/tls.
func Passed(wanted ...string) (map[string]net.Listener, error) {
	const first = 3
	found := map[string]net.Listener{}
	count, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	ours := os.Getenv("LISTEN_PID") == strconv.Itoa(os.Getpid())
	names := strings.Split(os.Getenv("LISTEN_FDNAMES"), ":")
	for _, v := range []string{"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"} {
		_ = os.Unsetenv(v)
	}
	if err != nil || !ours {
		return found, nil
	}
	var faults error
	for fd := first; fd < first+count; fd++ {
		syscall.CloseOnExec(fd)
		f := os.NewFile(uintptr(fd), "passed")
		if n := fd - first; n < len(names) && slices.Contains(wanted, names[n]) && found[names[n]] == nil {
			l, err := net.FileListener(f) // a copy
			if err == nil {
				found[names[n]] = l
			} else {
				faults = errors.Join(faults, fmt.Errorf("socket %s of systemd: %w", names[n], err))
			}
		}
		_ = f.Close()
	}
	return found, faults
}
