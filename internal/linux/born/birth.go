package born

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Birth is what a child begins with.
type Birth struct {
	// Flags are those of clone3(2), such as CLONE_NEW*. The child of Start always has memory of its own.
	Flags uint64
	// Shared has the child of Worker share the memory of this process until it executes a program. Nothing is copied then. Who
	// could trace the child would have this process: it must be where nobody can, and cannot be dumped (PR_SET_DUMPABLE), which
	// holds for both.
	Shared bool
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
	Process *os.File // pidfd of a child that the caller must reap
	report  *os.File
	calls   []Call
	own     int    // how many of the calls are not the caller's
	shared  []byte // memory in which the kernel says the pid of the second process
}

// Start creates the child. It does not wait for it. The caller has to close what it returns.
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
	shared, err := share(os.Getpagesize())
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = unix.Munmap(shared)
		}
	}()
	report := numbers[len(b.Files)]
	first := append(descriptors(numbers[:len(b.Files)], b.Keep, report), private(shared))
	calls := append(first, shifted(b.Calls, len(first))...)
	tellPID(calls, shared)
	p, err := assemble(calls)
	if err != nil {
		return nil, err
	}
	defer p.release()
	p.report, p.moved, p.moves = int64(report), int64(len(b.Files)), int64(len(b.Files))
	pid, process, err := b.forkWith(func(args *cloneArgs) (uintptr, syscall.Errno) { return fork(args, p) }, shared, p.memory)
	if err != nil {
		return nil, err
	}
	return &Newborn{PID: pid, Process: process, report: reader, calls: calls, own: len(first), shared: shared}, nil
}

// private returns the call after which a child of the child does not get the memory.
func private(memory []byte) Call {
	return Call{Name: "madvise", Number: unix.SYS_MADVISE, Args: []Arg{address(memory), Int(len(memory)), Int(unix.MADV_DONTFORK)}}
}

// tellPID has the kernel write the pid of a second process into memory (CLONE_PARENT_SETTID), before that process runs.
// So the pid is known whatever becomes of the first one, and nobody in a container can write another one there.
func tellPID(calls []Call, memory []byte) {
	for i := range calls {
		if calls[i].Split {
			flags := calls[i].Args[0]
			flags.number |= unix.CLONE_PARENT_SETTID
			calls[i].Args = []Arg{flags, Int(0), address(memory)}
		}
	}
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

// Await returns when the list is over: a program was executed, or the processes have ended before. It returns an *Error if a
// call failed. If two processes have reported, their order is not known. It returns os.ErrDeadlineExceeded after a deadline
// that was set by Limit. It can be called once.
//
// A process in a container may have written the report: who can trace the child can write to its descriptors.
func (n *Newborn) Await() (err error) {
	defer func() { _ = n.report.Close() }()
	packet := make([]int64, len(n.calls)+1)
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&packet[0])), 8*len(packet))
	for {
		_, rerr := io.ReadFull(n.report, raw)
		if errors.Is(rerr, io.EOF) {
			return err
		}
		if rerr != nil {
			return errors.Join(err, fmt.Errorf("the report of a child: %w", rerr))
		}
		at := packet[0]
		if at < 0 || at >= int64(len(n.calls)) {
			return errors.New("the report of a child has no sense")
		}
		if packet[1+at] < 0 && err == nil {
			err = n.failed(int(at), packet[1:])
		}
	}
}

// Child returns the pid of the second process, if the list splits: 0 until there is one. It is final once the first
// process has ended.
func (n *Newborn) Child() int {
	return int(atomic.LoadInt32((*int32)(unsafe.Pointer(&n.shared[0]))))
}

// Close releases what the parent has of the processes. It does not end or reap them.
func (n *Newborn) Close() {
	_ = n.Process.Close()
	_ = unix.Munmap(n.shared)
}

func (n *Newborn) failed(at int, results []int64) *Error {
	own := min(n.own, at+1)
	return &Error{
		Call:    n.calls[at].Name,
		Errno:   syscall.Errno(-results[at]),
		Results: append([]int64(nil), results[own:at+1]...),
	}
}
