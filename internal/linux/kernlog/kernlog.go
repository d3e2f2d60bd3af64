// Package kernlog reads in the kernel's log which processes the OOM killer has killed. It keeps no state.
package kernlog

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// tail is how much of the log's end is read, in bytes.
const tail = 64 << 10

// readAll is SYSLOG_ACTION_READ_ALL, which reads the last messages and consumes none (syslog(2)).
const readAll = 3

// Read returns the end of the kernel's log. It needs no device, and CAP_SYSLOG.
func Read() (string, error) {
	buf := make([]byte, tail)
	n, err := unix.Klogctl(readAll, buf)
	if err != nil {
		return "", fmt.Errorf("kernel log: %w", err)
	}
	return string(buf[:n]), nil
}
