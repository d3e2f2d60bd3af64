// Package signals tells for which signals a process waits. It keeps no state.
package signals

import (
	"encoding/binary"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// readLimit is how long Awaited waits for a process's memory. A process can make that last, by a page whose content it
// provides itself.
const readLimit = 100 * time.Millisecond

// Awaited returns the signals for which a process waits by sigwait(3) or sigtimedwait(2) at this moment. Bit n-1 stands
// for signal n. The kernel shows such signals neither as blocked nor as caught, but the process gets them. It returns
// all signals if the process does not let its memory be read, and none if it waits for none.
func Awaited(pid uint32) uint64 {
	at, waits := waitsAt(pid)
	if !waits {
		return 0
	}
	read := make(chan uint64, 1)
	go func() { read <- set(pid, at) }()
	select {
	case mask := <-read:
		return mask
	case <-time.After(readLimit):
		return ^uint64(0)
	}
}

// waitsAt returns where the set of signals lies, if the process is in sigtimedwait(2); proc(5), "syscall".
func waitsAt(pid uint32) (at int64, waits bool) {
	text, err := os.ReadFile(proc(pid) + "/syscall")
	if err != nil {
		return 0, false
	}
	return parseCall(string(text))
}

func parseCall(text string) (at int64, waits bool) {
	fields := strings.Fields(text)
	if len(fields) < 2 {
		return 0, false // "running"
	}
	number, err := strconv.Atoi(fields[0])
	if err != nil || !slices.Contains(calls(), number) {
		return 0, false
	}
	at, err = strconv.ParseInt(fields[1], 0, 64)
	return at, err == nil
}

// calls returns the numbers of sigtimedwait(2). A program of 32 bits has others, which are no call of 64 bits that can
// wait.
func calls() []int {
	const compat, compat64 = 177, 421 // the same for i386 and arm
	return []int{syscall.SYS_RT_SIGTIMEDWAIT, compat, compat64}
}

// set reads a set of signals from a process's memory. It returns all signals if it cannot.
func set(pid uint32, at int64) uint64 {
	f, err := os.Open(proc(pid) + "/mem")
	if err != nil {
		return ^uint64(0)
	}
	defer func() { _ = f.Close() }()
	buf := make([]byte, 8)
	if _, err := f.ReadAt(buf, at); err != nil {
		return ^uint64(0)
	}
	return binary.NativeEndian.Uint64(buf)
}

func proc(pid uint32) string { return "/proc/" + strconv.FormatUint(uint64(pid), 10) }
