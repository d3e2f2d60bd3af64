package born

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// beforeFork blocks all signals, and makes any growth of the stack an error. afterFork takes that back. They are the
// runtime's, for package syscall. runtime/proc.go promises not to change them (go.dev/issue/67401).
//
//go:linkname beforeFork syscall.runtime_BeforeFork
func beforeFork()

//go:linkname afterFork syscall.runtime_AfterFork
func afterFork()

// cloneArgs is struct clone_args of clone3(2).
type cloneArgs struct {
	flags, pidfd, childTID, parentTID, exitSignal, stack, stackSize, tls, setTID, setTIDSize, cgroup uint64

	out int32 // what pidfd points to; not a part of it
}

// cloneArgsSize is the size of the kernel's struct (CLONE_ARGS_SIZE_VER2, Linux 5.7).
const cloneArgsSize = 88

// fork creates the child, which carries out the program and never returns. The rule for all that the child runs: no
// allocation, no growth of the stack, no lock, no write of a pointer. It has a copy of this process's memory, in
// which the other threads have stopped wherever they were.
//
//go:noinline
//go:norace
//go:nocheckptr
func fork(args *cloneArgs, p *program) (pid uintptr, errno syscall.Errno) {
	beforeFork()
	pid, _, errno = syscall.RawSyscall(unix.SYS_CLONE3, uintptr(unsafe.Pointer(args)), cloneArgsSize, 0)
	if errno != 0 || pid != 0 {
		afterFork()
		return pid, errno
	}
	carryOut(p)
	return 0, 0
}

// carryOut is the life of the child until execve(2).
//
//go:noinline
//go:norace
//go:nosplit
//go:nocheckptr
func carryOut(p *program) {
	report := p.report
	size := uintptr(len(p.results)) * 8
	at := uintptr(unsafe.Pointer(&p.results[0]))
	for i := range p.steps {
		s := &p.steps[i]
		for k := range s.from {
			if from := s.from[k]; from >= 0 {
				s.args[k] = uintptr(p.results[from+1])
			}
		}
		r, _, errno := syscall.RawSyscall6(s.number, s.args[0], s.args[1], s.args[2], s.args[3], s.args[4], s.args[5])
		if i == p.moves {
			report = p.moved
		}
		p.results[i+1] = int64(r)
		failed := false
		if errno != 0 {
			p.results[i+1] = -int64(errno)
			failed = true
			for k := range s.tolerate {
				failed = failed && s.tolerate[k] != errno
			}
		}
		if s.split && r != 0 && errno == 0 {
			end()
		}
		if failed {
			p.results[0] = int64(i)
			_, _, _ = syscall.RawSyscall(unix.SYS_WRITE, report, at, size)
			end()
		}
	}
	end()
}

// end ends the child.
//
//go:norace
//go:nosplit
func end() {
	for {
		_, _, _ = syscall.RawSyscall(unix.SYS_EXIT_GROUP, 1, 0, 0)
	}
}
