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
func share(size int) ([]byte, error) {
	syscall.ForkLock.RLock() // no child is created meanwhile
	defer syscall.ForkLock.RUnlock()
	memory, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
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

// forkWith calls fork, whose child shares the memory. It returns the child's pid and a pidfd of it.
func (b *Birth) forkWith(shared []byte, fork func(*cloneArgs) (uintptr, syscall.Errno)) (int, *os.File, error) {
	args := &cloneArgs{flags: b.Flags | unix.CLONE_PIDFD, exitSignal: uint64(unix.SIGCHLD)}
	args.pidfd = uint64(uintptr(unsafe.Pointer(&args.out))) // fork makes args escape: they are not on the stack, which may move
	if b.Shared {
		args.flags |= unix.CLONE_VM
	}
	if b.Group != nil {
		args.flags |= unix.CLONE_INTO_CGROUP
		args.cgroup = uint64(b.Group.Fd())
	}
	syscall.ForkLock.Lock()
	err := unix.Madvise(shared, unix.MADV_DOFORK)
	if err != nil {
		syscall.ForkLock.Unlock()
		return 0, nil, fmt.Errorf("madvise: %w", err)
	}
	pid, errno := fork(args)
	_ = unix.Madvise(shared, unix.MADV_DONTFORK)
	syscall.ForkLock.Unlock()
	runtime.KeepAlive(args)
	runtime.KeepAlive(b.Group)
	if errno != 0 {
		return 0, nil, fmt.Errorf("clone: %w", errno)
	}
	fd := int(args.out)
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Kill(int(pid), unix.SIGKILL)
		_, _ = unix.Wait4(int(pid), nil, 0, nil)
		_ = unix.Close(fd)
		return 0, nil, fmt.Errorf("pidfd: %w", err)
	}
	return int(pid), os.NewFile(uintptr(fd), "pidfd"), nil
}
