// Package peer tells which process is at the other end of a unix socket. It keeps no state.
package peer

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/pidfd"
)

// Process is who has connected, as the kernel noted it at that time.
type Process struct {
	PID   uint32
	UID   uint32
	Start uint64 // field 22 of /proc/PID/stat: ticks since the boot
}

// Of returns the process at the other end of a connection: the one that has connected, whoever has the socket now. It
// returns an error that wraps os.ErrProcessDone if that has ended. Where the kernel gives a descriptor of the process
// (Linux 6.5), Start is that process's for certain. Elsewhere another one may have got the pid between the connection
// and the call, but only one of the same user, who could have connected from there himself.
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
	switch {
	case errors.Is(fdErr, unix.ENOPROTOOPT): // an older kernel
		p.Start, err = start(p.PID, &p.UID)
		return p, err
	case errors.Is(fdErr, unix.ESRCH), errors.Is(fdErr, unix.EINVAL): // the process is gone, and its pid may be another one's
		return p, os.ErrProcessDone
	case fdErr != nil:
		return p, fmt.Errorf("peer: %w", os.NewSyscallError("getsockopt SO_PEERPIDFD", fdErr))
	}
	if p.Start, err = start(p.PID, nil); err != nil {
		return p, err
	}
	// It lives, so that its pid is nobody else's yet.
	return p, pidfd.Signal(process, 0)
}

// start returns when a process began. With a user it returns an error that wraps os.ErrProcessDone for a process that
// is none of that user's, neither really nor effectively. The directory is that of one process, also when the pid is
// another one's by then.
func start(pid uint32, user *uint32) (uint64, error) {
	name := "/proc/" + strconv.FormatUint(uint64(pid), 10)
	dir, err := os.OpenRoot(name)
	if errors.Is(err, os.ErrNotExist) {
		return 0, os.ErrProcessDone
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = dir.Close() }()
	text, err := read(dir, "stat")
	if err != nil {
		return 0, err
	}
	if user != nil {
		status, err := read(dir, "status")
		if err != nil {
			return 0, err
		}
		if !slices.Contains(users(status), strconv.FormatUint(uint64(*user), 10)) {
			return 0, fmt.Errorf("%s is no process of user %d: %w", name, *user, os.ErrProcessDone)
		}
	}
	const after = 22 - 3 // fields, from the state on: the name before it may have blanks
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= after {
		return 0, fmt.Errorf("%s/stat has only %d fields", name, len(fields)+2)
	}
	return strconv.ParseUint(string(fields[after]), 10, 64)
}

// read reads a file of a process.
func read(dir *os.Root, name string) ([]byte, error) {
	text, err := dir.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
		return nil, os.ErrProcessDone
	}
	return text, err
}

// users returns the users that a process is, of its status: really, effectively, saved, for files (proc_pid_status(5)).
func users(status []byte) []string {
	for line := range bytes.Lines(status) {
		if list, is := bytes.CutPrefix(line, []byte("Uid:")); is {
			return strings.Fields(string(list))
		}
	}
	return nil
}
