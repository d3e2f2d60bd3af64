package namespace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/pidfd"
)

// kernelThread is PF_KTHREAD (the kernel's include/linux/sched.h) in the field flags of /proc/PID/stat
// (proc_pid_stat(5)). The kernel clears it when the thread executes a program. A missing /proc/PID/exe
// would not be proof: a zombie has none either.
const kernelThread = 0x00200000

// gone is the error for a process that does not exist or has ended. It is an os.ErrProcessDone.
type gone string

func (e gone) Error() string { return string(e) }
func (gone) Unwrap() error   { return os.ErrProcessDone }

// OfProcess opens a namespace of a process. It returns an os.ErrProcessDone if the process does not
// exist or ends meanwhile. It returns another error if pid is a kernel thread, because the namespaces
// of kernel threads are the host's.
func OfProcess(pid uint32, k Kind) (*os.File, error) {
	return open(pid, k, noKernelThread)
}

// OfChild opens a namespace of a child of parent. It returns an os.ErrProcessDone if the child does not
// exist, ends meanwhile, or has another parent.
func OfChild(parent, pid uint32, k Kind) (*os.File, error) {
	return open(pid, k, isChildOf(parent, pid))
}

func isChildOf(parent, pid uint32) func(uint32, stat) error {
	return func(_ uint32, s stat) error {
		if s.parent != parent {
			return ended(pid)
		}
		return nil
	}
}

// RootOfChild opens the root directory of a child of parent, for paths only (O_PATH). It makes the checks of OfChild.
func RootOfChild(parent, pid uint32) (*os.File, error) {
	return openFile(pid, "root", unix.O_PATH|unix.O_DIRECTORY, isChildOf(parent, pid))
}

// Child opens a child of parent as a pidfd. It returns an os.ErrProcessDone if the child does not exist, ends
// meanwhile, or has another parent.
func Child(parent, pid uint32) (*os.File, error) {
	p, err := pidfd.Open(int(pid))
	if err != nil {
		return nil, notOpened(pid, err)
	}
	s, err := statOf(pid)
	// If the process of the pidfd still exists, the file was its own.
	if end := pidfd.Signal(p, 0); end != nil || err != nil || s.parent != parent {
		_ = p.Close()
		return nil, ended(pid)
	}
	return p, nil
}

func open(pid uint32, k Kind, accept func(pid uint32, s stat) error) (*os.File, error) {
	return openFile(pid, "ns/"+string(k), os.O_RDONLY, accept)
}

func openFile(pid uint32, name string, flags int, accept func(pid uint32, s stat) error) (*os.File, error) {
	p, err := pidfd.Open(int(pid))
	if err != nil {
		return nil, notOpened(pid, err)
	}
	defer func() { _ = p.Close() }()
	s, err := statOf(pid)
	if err == nil {
		err = accept(pid, s)
	}
	var f *os.File
	if err == nil {
		f, err = os.OpenFile(path(pid, name), flags, 0)
	}
	// If the process of the pidfd still exists, the paths were its own: nobody else had the pid.
	if end := pidfd.Signal(p, 0); end != nil || errors.Is(err, fs.ErrNotExist) {
		_ = f.Close()
		return nil, ended(pid)
	}
	return f, err
}

func ended(pid uint32) error { return gone(fmt.Sprintf("process %d has ended", pid)) }

// notOpened returns the reason why pidfd_open(2) failed with err. For a thread that is not a process the
// kernel returns EINVAL, or ENOENT in newer versions (seen with 6.18).
func notOpened(pid uint32, err error) error {
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOENT) {
		if of := processOf(pid); of != 0 && of != pid {
			return fmt.Errorf("%d is a thread of process %d, not a process", pid, of)
		}
	}
	if errors.Is(err, syscall.ESRCH) || errors.Is(err, syscall.ENOENT) {
		return gone(fmt.Sprintf("there is no process %d", pid))
	}
	return err
}

// processOf returns the process that a thread belongs to, or 0 if there is no such thread.
func processOf(tid uint32) uint32 {
	text, err := os.ReadFile(path(tid, "status"))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "\nTgid:\t")
	line, _, _ := strings.Cut(rest, "\n")
	pid, _ := strconv.ParseUint(line, 10, 32) // 0 if line is not a number
	return uint32(pid)
}

// stat holds two fields of /proc/PID/stat.
type stat struct {
	parent uint32
	flags  uint32
}

func statOf(pid uint32) (stat, error) {
	text, err := os.ReadFile(path(pid, "stat"))
	if err != nil {
		return stat{}, err
	}
	return parseStat(string(text))
}

// parseStat reads the text of /proc/PID/stat. The process's name may have any characters, so the other
// fields begin after the last ")".
func parseStat(text string) (s stat, err error) {
	// The fields are state, ppid, pgrp, session, tty_nr, tpgid, flags and more.
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 7 {
		return s, fmt.Errorf("stat of a process: %q", text)
	}
	parent, err := strconv.ParseUint(fields[1], 10, 32)
	if err != nil {
		return s, fmt.Errorf("stat of a process: %w", err)
	}
	flags, err := strconv.ParseUint(fields[6], 10, 32)
	if err != nil {
		return s, fmt.Errorf("stat of a process: %w", err)
	}
	return stat{uint32(parent), uint32(flags)}, nil
}

func noKernelThread(pid uint32, s stat) error {
	if s.flags&kernelThread != 0 {
		return fmt.Errorf("process %d is a kernel thread", pid)
	}
	return nil
}

func path(pid uint32, name string) string {
	return "/proc/" + strconv.FormatUint(uint64(pid), 10) + "/" + name
}
