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
var iscgo bool //nolint:gochecknoglobals // it is the runtime's

// keepMemory keeps what is in memory by now from the children to come, but for the program's code: they have no use for
// it. A copy costs more than all else that an exec does: most of it after the clone, when each page that this process
// writes is copied. A second process, which the child creates, costs as much again. The caller holds syscall.ForkLock.
//
// With a library of C the kernel may have to write to a thread's memory whenever that runs (rseq(2)). All is copied
// then.
func keepMemory() error {
	if iscgo {
		return nil
	}
	kept, err := code()
	if err != nil {
		return err
	}
	const lowest = 1 << 16         // no program of this kind has memory below
	highest := ^uintptr(0)>>16 + 1 // or above, unless it asks for that (mmap(2))
	for _, part := range []span{{lowest, kept.from}, {kept.to, highest}} {
		// It reports holes (ENOMEM), but advises on all the rest.
		_, _, errno := unix.RawSyscall(unix.SYS_MADVISE, part.from, part.to-part.from, unix.MADV_DONTFORK)
		if errno != 0 && errno != unix.ENOMEM {
			return fmt.Errorf("madvise: %w", errno)
		}
	}
	return nil
}

// code finds the program's code, with its constants.
//
//nolint:gochecknoglobals // it does not change
var code = sync.OnceValues(findCode)

// span is a part of the memory.
type span struct{ from, to uintptr }

func findCode() (found span, err error) {
	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return span{}, err
	}
	entry := carryOut
	at := uint64(**(**uintptr)(unsafe.Pointer(&entry)))
	for line := range strings.Lines(string(text)) {
		part, rest, _ := strings.Cut(line, " ")
		first, last, _ := strings.Cut(part, "-")
		begin, berr := strconv.ParseUint(first, 16, 64)
		end, eerr := strconv.ParseUint(last, 16, 64)
		if err := errors.Join(berr, eerr); err != nil {
			return span{}, fmt.Errorf("/proc/self/maps: %w", err)
		}
		switch {
		case begin <= at && at < end:
			found = span{uintptr(begin), uintptr(end)}
		case uintptr(begin) == found.to && strings.HasPrefix(rest, "r--p"): // the constants
			found.to = uintptr(end)
		}
	}
	if found.from == 0 {
		return span{}, errors.New("/proc/self/maps: the program's code is not there")
	}
	return found, nil
}
