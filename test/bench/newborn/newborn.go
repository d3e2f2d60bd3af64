// Package newborn creates a process as cheaply as the kernel can, for the benchmark's floor: it shares the memory of
// its parent until it executes a program, so nothing is copied, and it carries out a list of system calls in assembly.
//
// Package internal/linux/born, which the product uses, copies the memory. For a parent of 15 MiB that takes 0.4 ms, and
// each page that the parent writes afterwards is copied too: 1.5 ms of a start in all. But who can trace this child has
// the memory of its parent, and it has all descriptors of the parent until execve(2).
package newborn

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Call is one system call. Each of Args is an int, a uint64, a string (its address), a []string (a vector for
// execve(2)), a []byte (the address of a copy), or Told.
type Call struct {
	Name   string
	Number int
	Args   []any
	Split  bool // clone(2), of which the parent ends and the child goes on
}

// Told is the address at which a Split call has the kernel write the pid of the second process.
type Told struct{}

// cloneArgs is struct clone_args of clone3(2).
type cloneArgs struct {
	flags, _, _, _, exitSignal, stack, stackSize, _, _, _, cgroup uint64
}

// Process is a process that was created, or the second one of a list that split.
type Process struct {
	PID    int
	memory []byte // of the list
	calls  []Call
}

// The words before the steps: the failed step, its errno, the second pid.
const (
	atFailed = 8 * iota
	atErrno
	atSecond
	atSteps
)

const (
	stepSize = 64
	size     = 64 << 10 // of the list and all it points to
	room     = 4 << 10  // for the stack that a child gets, and does not use
)

// Start creates a process. flags are those of clone3(2); group, if not negative, is a descriptor of its control group.
func Start(flags uint64, group int, calls []Call) (*Process, error) {
	memory, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("mmap: %w", err)
	}
	p := &Process{memory: memory, calls: calls}
	if err := p.assemble(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	args := &cloneArgs{
		// The parent's handlers would run in the child, with the parent's memory.
		flags: flags | unix.CLONE_VM | unix.CLONE_CLEAR_SIGHAND, exitSignal: uint64(unix.SIGCHLD),
		stack: uint64(p.address(size - room)), stackSize: room,
	}
	if group >= 0 {
		args.flags |= unix.CLONE_INTO_CGROUP
		args.cgroup = uint64(group)
	}
	pid, err := blocked(func() uintptr { return birth(args, unsafe.Sizeof(*args), p.address(atSteps), p.address(atFailed)) })
	runtime.KeepAlive(args)
	if errno := -int(pid); err == nil && errno > 0 {
		err = fmt.Errorf("clone: %w", unix.Errno(errno))
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	p.PID = int(pid)
	return p, nil
}

// blocked calls f with all signals blocked. A child inherits that.
func blocked(f func() uintptr) (uintptr, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all, before unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^uint64(0)
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, &before); err != nil {
		return 0, fmt.Errorf("block signals: %w", err)
	}
	result := f()
	return result, unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil)
}

func (p *Process) address(offset int) uintptr { return uintptr(unsafe.Pointer(&p.memory[offset])) }

// word returns a word of the memory, which the child writes.
func (p *Process) word(offset int) *int64 { return (*int64)(unsafe.Pointer(&p.memory[offset])) }

// assemble writes the steps into the memory.
func (p *Process) assemble() error {
	free := atSteps + (len(p.calls)+1)*stepSize
	for i, c := range p.calls {
		at := atSteps + i*stepSize
		*p.word(at) = int64(c.Number)
		for k, arg := range c.Args {
			value, err := p.put(arg, &free)
			if err != nil {
				return fmt.Errorf("%s: %w", c.Name, err)
			}
			*p.word(at + 8 + 8*k) = value
		}
		if c.Split {
			*p.word(at + stepSize - 8) = 1
		}
	}
	*p.word(atSteps + len(p.calls)*stepSize) = -1
	return nil
}

// put returns the word of an argument, after it has written what that points to.
func (p *Process) put(arg any, free *int) (int64, error) {
	switch v := arg.(type) {
	case int:
		return int64(v), nil
	case uint64:
		return int64(v), nil
	case Told:
		return int64(p.address(atSecond)), nil
	case string:
		return p.put(append([]byte(v), 0), free)
	case []byte:
		at := *free
		*free += (len(v) + 7) &^ 7
		if *free > size-room {
			return 0, errors.New("the list is too long")
		}
		copy(p.memory[at:], v)
		return int64(p.address(at)), nil
	case []string:
		at := *free
		*free += 8 * (len(v) + 1)
		for i, each := range v {
			value, err := p.put(each, free)
			if err != nil {
				return 0, err
			}
			*p.word(at + 8*i) = value
		}
		return int64(p.address(at)), nil
	}
	return 0, fmt.Errorf("%T: no argument", arg)
}

// Wait reaps the process, and the second one if there is one. It returns the wait status of the last. It returns the
// error of a call that failed.
func (p *Process) Wait() (unix.WaitStatus, error) {
	status, err := reap(p.PID)
	if second := int(int32(*p.word(atSecond))); err == nil && second > 0 {
		status, err = reap(second)
	}
	return status, errors.Join(err, p.Failed())
}

// Failed returns the error of the call that failed, or nil if none has failed yet.
func (p *Process) Failed() error {
	errno := -*p.word(atErrno)
	if errno == 0 {
		return nil
	}
	step := (int(*p.word(atFailed)) - int(p.address(atSteps))) / stepSize
	return fmt.Errorf("%s: %w", p.calls[step].Name, unix.Errno(errno))
}

// Close releases the list's memory. The process must have ended, or have executed its program.
func (p *Process) Close() error { return unix.Munmap(p.memory) }

func reap(pid int) (unix.WaitStatus, error) {
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(pid, &status, 0, nil)
		if !errors.Is(err, unix.EINTR) {
			return status, err
		}
	}
}
