package namespace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/berthd/berth/internal/linux/pidfd"
)

// kernelThread is PF_KTHREAD of the kernel's include/linux/sched.h, in the field flags of
// /proc/PID/stat (proc_pid_stat(5)). It goes when a thread executes a program. That there is no
// /proc/PID/exe would say less: it is missing for a zombie, too.
const kernelThread = 0x00200000

// gone is the error of a process that is not there, or not any more; it is an os.ErrProcessDone.
type gone string

func (e gone) Error() string { return string(e) }
func (gone) Unwrap() error   { return os.ErrProcessDone }

// OfProcess opens a namespace of a process that exists, else the error is an os.ErrProcessDone. Kernel
// threads are refused: what they have is the host's.
func OfProcess(pid uint32, k Kind) (*os.File, error) {
	return open(pid, k, noKernelThread)
}

// OfChild is OfProcess for a child of this parent; that it is another's is an os.ErrProcessDone, too.
func OfChild(parent, pid uint32, k Kind) (*os.File, error) {
	return open(pid, k, func(_ uint32, s stat) error {
		if s.parent != parent {
			return ended(pid)
		}
		return nil
	})
}

func open(pid uint32, k Kind, accept func(pid uint32, s stat) error) (*os.File, error) {
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
		f, err = os.Open(path(pid, "ns/"+string(k)))
	}
	// The process of the pidfd is still there, so that the paths were its own.
	if end := pidfd.Signal(p, 0); end != nil || errors.Is(err, fs.ErrNotExist) {
		_ = f.Close()
		return nil, ended(pid)
	}
	return f, err
}

func ended(pid uint32) error { return gone(fmt.Sprintf("process %d has ended", pid)) }

// notOpened says why there is no pidfd: one of a thread that is no process is refused with EINVAL,
// by newer kernels (seen with 6.18) with ENOENT.
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

// processOf gives the process that a thread belongs to, 0 when there is no such thread.
func processOf(tid uint32) uint32 {
	text, err := os.ReadFile(path(tid, "status"))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "\nTgid:\t")
	line, _, _ := strings.Cut(rest, "\n")
	pid, _ := strconv.ParseUint(line, 10, 32) // 0 when it is no number
	return uint32(pid)
}

// stat is what /proc/PID/stat says of a process.
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

// parseStat reads the fields that follow the name, which may have any characters.
func parseStat(text string) (s stat, err error) {
	// After the name: state, ppid, pgrp, session, tty_nr, tpgid, flags.
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
