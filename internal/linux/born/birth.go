package born

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Birth is what a child begins with.
type Birth struct {
	// Flags are those of clone3(2), such as CLONE_NEW*. The child always has its own copy of the memory.
	Flags uint64
	// Group, if not nil, is the directory of the control group that the child is created in.
	Group *os.File
	// Files are the child's descriptors, from 0 on. It has no others. The first Keep stay open in the program that is
	// executed. The caller still has to close them.
	Files []*os.File
	Keep  int
	// Calls are what the child does. A call that does not return, as execve(2), is the last.
	Calls []Call
}

// Newborn is a child that carries out its list.
type Newborn struct {
	PID     int
	Process *os.File // pidfd; the caller must reap the process and close this
	report  *os.File
	calls   []Call
	own     int // how many of the calls are not the caller's
}

// Start creates the child. It does not wait for it.
func (b *Birth) Start() (_ *Newborn, err error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() {
		_ = writer.Close()
		if err != nil {
			_ = reader.Close()
		}
	}()
	least := len(b.Files) + 1
	var numbers []int
	for _, f := range append(append([]*os.File(nil), b.Files...), writer) {
		n, err := above(f, least)
		if err != nil {
			return nil, err
		}
		defer func() { _ = unix.Close(n) }()
		numbers = append(numbers, n)
	}
	report := numbers[len(b.Files)]
	calls := append(descriptors(numbers[:len(b.Files)], b.Keep, report), shifted(b.Calls, least+1)...)
	p, err := assemble(calls)
	if err != nil {
		return nil, err
	}
	p.report, p.moved, p.moves = uintptr(report), uintptr(len(b.Files)), len(b.Files)
	pid, process, err := b.clone(p)
	if err != nil {
		return nil, err
	}
	return &Newborn{PID: pid, Process: process, report: reader, calls: calls, own: least + 1}, nil
}

// shifted returns the calls with the results that they need counted from a later beginning.
func shifted(list []Call, by int) []Call {
	out := make([]Call, len(list))
	for i, c := range list {
		out[i] = c
		out[i].Args = make([]Arg, len(c.Args))
		for k, a := range c.Args {
			if a.kind == result {
				a.number += uint64(by)
			}
			out[i].Args[k] = a
		}
	}
	return out
}

// above duplicates a descriptor to a number that is not below least.
func above(f *os.File, least int) (int, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return -1, fmt.Errorf("duplicate a descriptor: %w", err)
	}
	n, ferr := -1, error(nil)
	err = raw.Control(func(fd uintptr) { n, ferr = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, least) })
	if err = errors.Join(err, ferr); err != nil {
		return -1, fmt.Errorf("duplicate a descriptor: %w", err)
	}
	return n, nil
}

func (b *Birth) clone(p *program) (int, *os.File, error) {
	pidfd := new(int32)
	args := &cloneArgs{
		flags:      b.Flags | unix.CLONE_PIDFD,
		pidfd:      uint64(uintptr(unsafe.Pointer(pidfd))),
		exitSignal: uint64(unix.SIGCHLD),
	}
	if b.Group != nil {
		args.flags |= unix.CLONE_INTO_CGROUP
		args.cgroup = uint64(b.Group.Fd())
	}
	syscall.ForkLock.Lock()
	pid, errno := fork(args, p)
	syscall.ForkLock.Unlock()
	runtime.KeepAlive(p)
	runtime.KeepAlive(args)
	runtime.KeepAlive(b.Group)
	if errno != 0 {
		return 0, nil, fmt.Errorf("clone: %w", errno)
	}
	fd := int(*pidfd)
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Kill(int(pid), unix.SIGKILL)
		_, _ = unix.Wait4(int(pid), nil, 0, nil)
		_ = unix.Close(fd)
		return 0, nil, fmt.Errorf("pidfd: %w", err)
	}
	return int(pid), os.NewFile(uintptr(fd), "pidfd"), nil
}

// Limit sets the time after which Await gives up.
func (n *Newborn) Limit(t time.Time) error { return n.report.SetReadDeadline(t) }

// Error is a call that failed.
type Error struct {
	Call  string // its name
	Errno syscall.Errno
	// Results are those of the calls of the Birth, up to this one. A negative one is an error that was tolerated.
	Results []int64
}

func (e *Error) Error() string { return e.Call + ": " + e.Errno.Error() }
func (e *Error) Unwrap() error { return e.Errno }

// Await returns when the list is over: a program was executed, or the processes have ended before. If the list
// splits, child is the pid of the second process in the pid namespace of the first one, and 0 if the first one ended
// before. It returns an *Error if a call failed. If two processes have reported, their order is not known. It returns
// os.ErrDeadlineExceeded after a deadline that was set by Limit. It can be called once.
//
// A process in a container may have written the report: who can trace the child can write to its descriptors.
// The caller must check that child is a child of its own.
func (n *Newborn) Await() (child int, err error) {
	defer func() { _ = n.report.Close() }()
	packet := make([]int64, len(n.calls)+1)
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&packet[0])), 8*len(packet))
	for {
		_, rerr := io.ReadFull(n.report, raw)
		if errors.Is(rerr, io.EOF) {
			return child, err
		}
		if rerr != nil {
			return child, errors.Join(err, fmt.Errorf("the report of a child: %w", rerr))
		}
		at := packet[0]
		if at < 0 || at >= int64(len(n.calls)) {
			return child, errors.New("the report of a child has no sense")
		}
		c, value := &n.calls[at], packet[1+at]
		switch {
		case c.Split && value > 0:
			child = int(int32(value))
		case value < 0 && err == nil:
			err = n.failed(int(at), packet[1:])
		}
	}
}

func (n *Newborn) failed(at int, results []int64) *Error {
	own := min(n.own, at+1)
	return &Error{
		Call:    n.calls[at].Name,
		Errno:   syscall.Errno(-results[at]),
		Results: append([]int64(nil), results[own:at+1]...),
	}
}
