// Package peer tells which process is at the other end of a unix socket. It keeps no state.
package peer

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/pidfd"
)

// Process is who has connected, as the kernel noted it at that time.
type Process struct {
	PID   uint32
	UID   uint32
	Start uint64 // field 22 of /proc/PID/stat: ticks since the boot
}

// Of returns the process at the other end of a connection. It returns an error that wraps os.ErrProcessDone if that has ended.
// Where the kernel gives a descriptor of the process (Linux 6.5), Start is that process's for certain; elsewhere another
// one may have got the pid between the connection and the call.
func Of(c *net.UnixConn) (Process, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return Process{}, fmt.Errorf("peer: %w", err)
	}
	var cred *unix.Ucred
	var credErr, fdErr error
	fd := -1
	err = raw.Control(func(s uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(s), unix.SOL_SOCKET, unix.SO_PEERCRED)
		fd, fdErr = unix.GetsockoptInt(int(s), unix.SOL_SOCKET, unix.SO_PEERPIDFD)
	})
	var process *os.File
	if fdErr == nil && fd >= 0 {
		process = os.NewFile(uintptr(fd), "pidfd")
	}
	defer func() { _ = process.Close() }() // nil if there is none
	if err := errors.Join(err, credErr); err != nil {
		return Process{}, fmt.Errorf("peer: %w", err)
	}
	p := Process{PID: uint32(cred.Pid), UID: cred.Uid}
	if p.Start, err = start(p.PID); err != nil {
		return p, err
	}
	if process != nil {
		// It lives, so that its pid is nobody else's yet.
		if err := pidfd.Signal(process, 0); err != nil {
			return p, err
		}
	}
	return p, nil
}

// start returns when a process began.
func start(pid uint32) (uint64, error) {
	name := "/proc/" + strconv.FormatUint(uint64(pid), 10) + "/stat"
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return 0, os.ErrProcessDone
	}
	if err != nil {
		return 0, err
	}
	const after = 22 - 3 // fields, from the state on: the name before it may have blanks
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= after {
		return 0, fmt.Errorf("%s has only %d fields", name, len(fields)+2)
	}
	return strconv.ParseUint(string(fields[after]), 10, 64)
}
