package born

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// share returns memory that a child shares, if clone lets it.
func share(size int) ([]byte, error) { return apart(size, unix.MAP_SHARED) }

// own returns memory of which a child has a copy, if clone lets it.
func own(size int) ([]byte, error) { return apart(size, unix.MAP_PRIVATE) }

func apart(size, flags int) ([]byte, error) {
	syscall.ForkLock.RLock() // no child is created meanwhile
	defer syscall.ForkLock.RUnlock()
	memory, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, flags|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("mmap: %w", err)
	}
	if err := unix.Madvise(memory, unix.MADV_DONTFORK); err != nil {
		_ = unix.Munmap(memory)
		return nil, fmt.Errorf("madvise: %w", err)
	}
	return memory, nil
}

// address is the address of memory that Go does not manage.
func address(memory []byte) Arg { return Int(uintptr(unsafe.Pointer(unsafe.SliceData(memory)))) }

// forkWith calls fork, whose child has these memories. It returns the child's pid and a pidfd of it.
func (b *Birth) forkWith(fork func(*cloneArgs) (uintptr, syscall.Errno), memories ...[]byte) (pid, process int, _ error) {
	args := &cloneArgs{flags: b.Flags | unix.CLONE_PIDFD, exitSignal: uint64(unix.SIGCHLD)}
	args.pidfd = uint64(uintptr(unsafe.Pointer(&args.out))) // fork makes args escape: they are not on the stack, which may move
	if b.Shared {
		args.flags |= unix.CLONE_VM
	}
	if b.Group != nil {
		args.flags |= unix.CLONE_INTO_CGROUP
		args.cgroup = uint64(b.Group.Fd())
	}
	child, errno, err := forkLocked(args, fork, !b.Shared, memories)
	if err != nil {
		return 0, -1, err
	}
	runtime.KeepAlive(args)
	runtime.KeepAlive(b)
	if errno != 0 {
		return 0, -1, fmt.Errorf("clone: %w", errno)
	}
	return int(child), int(args.out), nil
}

// polled makes the pidfd of a child a file that the runtime polls. It ends the child if it cannot.
func polled(pid, fd int) (*os.File, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Kill(pid, unix.SIGKILL)
		_, _ = unix.Wait4(pid, nil, 0, nil)
		_ = unix.Close(fd)
		return nil, fmt.Errorf("pidfd: %w", err)
	}
	return os.NewFile(uintptr(fd), "pidfd"), nil
}

// forkLocked calls fork, while no other child is created.
func forkLocked(args *cloneArgs, fork func(*cloneArgs) (uintptr, syscall.Errno), copies bool, memories [][]byte) (pid uintptr, errno syscall.Errno, err error) {
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
	if copies {
		if err := keepMemory(); err != nil {
			return 0, 0, err
		}
	}
	for _, memory := range memories {
		defer func() { _ = unix.Madvise(memory, unix.MADV_DONTFORK) }()
		if err := unix.Madvise(memory, unix.MADV_DOFORK); err != nil {
			return 0, 0, fmt.Errorf("madvise: %w", err)
		}
	}
	pid, errno = fork(args)
	return pid, errno, nil
}
