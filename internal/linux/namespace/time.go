package namespace

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ErrNoOwnTime says that the kernel cannot give a process clocks of its own.
var ErrNoOwnTime = errors.New("the kernel has no time namespaces that begin with execve(2)")

// NewTime makes a time namespace (time_namespaces(7)) whose clocks MONOTONIC and BOOTTIME begin now. The
// calling goroutine must be locked to its thread. Processes that the thread creates are in the namespace once
// they execute a program. The thread itself is not. NewTime returns the host's BOOTTIME of this moment. It
// returns ErrNoOwnTime if the kernel has no time namespaces or is older than Linux 6.2: before that a process
// that was created with CLONE_VM, as Go does, stayed outside, and only its children were in.
func NewTime() (began time.Duration, err error) {
	if !switchesAtExec() {
		return 0, ErrNoOwnTime
	}
	if err := unix.Unshare(unix.CLONE_NEWTIME); err != nil {
		if errors.Is(err, unix.EINVAL) {
			return 0, ErrNoOwnTime
		}
		if errors.Is(err, unix.ENOSPC) {
			err = fmt.Errorf("the host's limit user.max_time_namespaces is reached: %w", err)
		}
		return 0, fmt.Errorf("unshare the time namespace: %w", err)
	}
	var monotonic, boot unix.Timespec
	err = errors.Join(unix.ClockGettime(unix.CLOCK_MONOTONIC, &monotonic), unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot))
	if err != nil {
		return 0, fmt.Errorf("clock_gettime: %w", err)
	}
	// Only /proc/TID/timens_offsets is the thread's. /proc/thread-self has no such file.
	f, err := os.OpenFile("/proc/"+strconv.Itoa(unix.Gettid())+"/timens_offsets", os.O_WRONLY, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	if _, err := f.WriteString(offsets(monotonic.Nano(), boot.Nano())); err != nil {
		return 0, err
	}
	return time.Duration(boot.Nano()), nil
}

// offsets returns the text for timens_offsets that makes the clocks begin at 0.
func offsets(monotonic, boot int64) string {
	return offset("monotonic", monotonic) + offset("boottime", boot)
}

// offset returns a line that takes ns off a clock. The kernel takes no negative nanoseconds.
func offset(name string, ns int64) string {
	seconds := (ns + 1e9 - 1) / 1e9
	return name + " " + strconv.FormatInt(-seconds, 10) + " " + strconv.FormatInt(seconds*1e9-ns, 10) + "\n"
}

// switchesAtExec reports whether the kernel is Linux 6.2 or later.
func switchesAtExec() bool {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return false
	}
	return atLeast(unix.ByteSliceToString(name.Release[:]), 6, 2)
}

// atLeast reports whether a kernel release such as "6.1.0-44-amd64" is of this version or a later one.
func atLeast(release string, major, minor int) bool {
	first, rest, _ := strings.Cut(release, ".")
	second := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	a, err1 := strconv.Atoi(first)
	b, err2 := strconv.Atoi(second)
	return err1 == nil && err2 == nil && (a > major || a == major && b >= minor)
}
