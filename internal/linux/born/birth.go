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
	// Shared has the child of Worker share the memory of this process until it executes a program. Nothing is copied then.
	// Who could trace the child would have this process: it must be where nobody can, and cannot be dumped
	// (PR_SET_DUMPABLE), which holds for both.
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
	Process *os.File // pidfd of a child that the caller must reap; the runtime does not poll it
	report  *os.File
	calls   []Call
	own     int    // how many of the calls are not the caller's
	shared  []byte // memory in which the kernel says the pid of the second process
	reaped  bool   // nobody else has that memory
}

// Start creates the child. It does not wait for it. The caller has to close what it returns.
func (b *Birth) Start() (_ *Newborn, err error) {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}
	report, writer := os.NewFile(uintptr(pipe[0]), "report"), pipe[1]
	defer func() {
		_ = unix.Close(writer)
		if err != nil {
			_ = report.Close()
		}
	}()
	numbers, copies, err := b.numbers(&writer)
	defer func() {
		for _, n := range copies {
			_ = unix.Close(n)
		}
	}()
	if err != nil {
		return nil, err
	}
	shared, err := sharedPage()
	if err != nil {
		return nil, err
	}
	first := append(descriptors(numbers, b.Keep, writer), private(shared))
	calls := append(first, shifted(b.Calls, len(first))...)
	tellPID(calls, shared)
	p, err := assemble(calls)
	if err != nil {
		giveBack(shared, nil)
		return nil, err
	}
	p.report, p.moved, p.moves = int64(writer), int64(len(b.Files)), int64(len(b.Files))
	pid, fd, err := b.forkWith(func(args *cloneArgs) (uintptr, syscall.Errno) { return fork(args, p) }, shared, p.memory)
	if err != nil {
		giveBack(shared, p.memory)
		return nil, err
	}
	giveBack(nil, p.memory) // the child has a copy
	return &Newborn{PID: pid, Process: os.NewFile(uintptr(fd), "pidfd"), report: report, calls: calls, own: len(first), shared: shared}, nil
}

// numbers returns the numbers of the descriptors of Files, none of which is one that the child gives to another. Those
// are duplicated, as is writer then. copies are for the caller to close.
func (b *Birth) numbers(writer *int) (numbers, copies []int, err error) {
	least := len(b.Files) + 1
	for _, f := range b.Files {
		n, dup, err := above(f, least)
		if err != nil {
			return nil, copies, err
		}
		if dup {
			copies = append(copies, n)
		}
		numbers = append(numbers, n)
	}
	if *writer < least {
		n, err := unix.FcntlInt(uintptr(*writer), unix.F_DUPFD_CLOEXEC, least)
		if err != nil {
			return nil, copies, fmt.Errorf("duplicate a descriptor: %w", err)
		}
		_ = unix.Close(*writer)
		*writer = n
	}
	return numbers, copies, nil
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

// above returns the number of a descriptor, or of a duplicate if that is below least. The caller keeps f open.
func above(f *os.File, least int) (n int, dup bool, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return -1, false, fmt.Errorf("duplicate a descriptor: %w", err)
	}
	if err := raw.Control(func(fd uintptr) { n = int(fd) }); err != nil {
		return -1, false, fmt.Errorf("duplicate a descriptor: %w", err)
	}
	if n >= least {
		return n, false, nil
	}
	n, err = duplicate(f, least)
	return n, err == nil, err
}

// duplicate duplicates a descriptor to a number that is not below least.
func duplicate(f *os.File, least int) (int, error) {
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

// Await returns when the list is over: a program was executed, or the processes have ended before. It returns an *Error
// if a call failed. If two processes have reported, their order is not known. It returns os.ErrDeadlineExceeded after a
// deadline that was set by Limit. It can be called once.
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

// Reaped says that the first process was reaped: what it shared can be another's after Close.
func (n *Newborn) Reaped() { n.reaped = true }

// Close releases what the parent has of the processes. It does not end or reap them.
func (n *Newborn) Close() {
	_ = n.Process.Close()
	if n.reaped {
		giveBack(n.shared, nil)
	} else {
		_ = unix.Munmap(n.shared)
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
