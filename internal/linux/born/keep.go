package born

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// iscgo says that the process has libraries of C. It is the runtime's, which promises not to change it
// (runtime/runtime2.go, go.dev/issue/67401).
//
//go:linkname iscgo runtime.iscgo
var iscgo bool

// keepMemory keeps what is in memory by now from the children to come, but for the program's code: they have no use for
// it. A copy costs more than all else that an exec does: most of it after the clone, when each page that this process
// writes is copied. A second process, which the child creates, costs as much again. The caller holds syscall.ForkLock.
//
// With a library of C the kernel may have to write to a thread's memory whenever that runs (rseq(2)). All is copied then.
func keepMemory() error {
	if iscgo {
		return nil
	}
	from, to, err := code()
	if err != nil {
		return err
	}
	const lowest = 1 << 16         // no program of this kind has memory below
	highest := ^uintptr(0)>>16 + 1 // or above, unless it asks for that (mmap(2))
	for _, part := range [][2]uintptr{{lowest, from}, {to, highest}} {
		// It reports holes (ENOMEM), but advises on all the rest.
		_, _, errno := unix.RawSyscall(unix.SYS_MADVISE, part[0], part[1]-part[0], unix.MADV_DONTFORK)
		if errno != 0 && errno != unix.ENOMEM {
			return fmt.Errorf("madvise: %w", errno)
		}
	}
	return nil
}

// code finds the program's code, with its constants.
func code() (from, to uintptr, err error) {
	found.once.Do(func() { found.from, found.to, found.err = findCode() })
	return found.from, found.to, found.err
}

var found struct {
	once     sync.Once
	from, to uintptr
	err      error
}

func findCode() (from, to uintptr, err error) {
	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return 0, 0, err
	}
	entry := carryOut
	at := uint64(**(**uintptr)(unsafe.Pointer(&entry)))
	for line := range strings.Lines(string(text)) {
		part, rest, _ := strings.Cut(line, " ")
		first, last, _ := strings.Cut(part, "-")
		begin, berr := strconv.ParseUint(first, 16, 64)
		end, eerr := strconv.ParseUint(last, 16, 64)
		if err := errors.Join(berr, eerr); err != nil {
			return 0, 0, fmt.Errorf("/proc/self/maps: %w", err)
		}
		switch {
		case begin <= at && at < end:
			from, to = uintptr(begin), uintptr(end)
		case uintptr(begin) == to && strings.HasPrefix(rest, "r--p"): // the constants
			to = uintptr(end)
		}
	}
	if from == 0 {
		return 0, 0, errors.New("/proc/self/maps: the program's code is not there")
	}
	return from, to, nil
}
