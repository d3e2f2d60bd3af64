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
	flags, pidfd, _, _, exitSignal, stack, stackSize, _, _, _, cgroup uint64

	out int32 // what pidfd points to; not a part of it
}

// cloneArgsSize is the size of the kernel's struct (CLONE_ARGS_SIZE_VER2, Linux 5.7).
const cloneArgsSize = 88

// fork creates the child, which carries out the program on a stack of its own, and never returns.
//
//go:noinline
//go:norace
func fork(args *cloneArgs, p *program) (uintptr, syscall.Errno) {
	args.stack, args.stackSize = uint64(uintptr(unsafe.Pointer(&p.memory[len(p.memory)-stackSize]))), stackSize
	f := carryOut
	return enterClone(args, **(**uintptr)(unsafe.Pointer(&f)), unsafe.Pointer(p.life))
}

// enterClone calls cloneOnStack with all signals blocked, which the child inherits. entry is the function of Go that it
// enters: not by the wrapper that assembly would call, which the race detector instruments.
//
//go:noinline
//go:norace
func enterClone(args *cloneArgs, entry uintptr, memory unsafe.Pointer) (uintptr, syscall.Errno) {
	beforeFork()
	pid := cloneOnStack(args, cloneArgsSize, entry, memory)
	afterFork()
	if errno := -int64(pid); errno > 0 && errno < 4096 {
		return 0, syscall.Errno(errno)
	}
	return pid, 0
}

// carryOut is the life of the child until execve(2). The rule for all that the child runs: no allocation, no growth of
// the stack, no lock, no write of a pointer, and nothing that is in any other memory, which it does not have.
//
//go:noinline
//go:norace
//go:nosplit
//go:nocheckptr
func carryOut(p *life) {
	report := p.report
	results := unsafe.Add(unsafe.Pointer(p), p.results)
	for i := int64(0); i < p.count; i++ {
		s := (*step)(unsafe.Add(unsafe.Pointer(p), int64(unsafe.Sizeof(life{}))+i*int64(unsafe.Sizeof(step{}))))
		for k := range s.from {
			if from := s.from[k]; from != never {
				s.args[k] = uint64(*(*int64)(unsafe.Add(results, 8*(int64(from)+1))))
			}
		}
		r, _, errno := syscall.RawSyscall6(uintptr(s.number), uintptr(s.args[0]), uintptr(s.args[1]), uintptr(s.args[2]), uintptr(s.args[3]), uintptr(s.args[4]), uintptr(s.args[5]))
		if i == p.moves {
			report = p.moved
		}
		result := (*int64)(unsafe.Add(results, 8*(i+1)))
		*result = int64(r)
		failed := false
		if errno != 0 {
			*result = -int64(errno)
			failed = true
			for k := range s.tolerate {
				failed = failed && s.tolerate[k] != uint8(errno)
			}
		}
		if s.split && r != 0 && errno == 0 {
			end()
		}
		if failed {
			*(*int64)(results) = i
			_, _, _ = syscall.RawSyscall(unix.SYS_WRITE, uintptr(report), uintptr(results), uintptr(8*(p.count+1)))
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
