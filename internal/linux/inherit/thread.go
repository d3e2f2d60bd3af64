package inherit

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Thread has those values of a fresh thread that are not the same on each host.
type Thread struct {
	// Affinity are the processors that the thread may run on.
	Affinity unix.CPUSet
	// TimerSlack is in nanoseconds. 0 leaves it as it is.
	TimerSlack uint64
}

// Reset gives the calling thread what a service of systemd begins with: the default scheduling policy, nice and
// I/O priority 0, the default memory policy, personality and securebits, and the values of t. The goroutine must
// be locked to its thread. It sets as much as it may, and returns an error for each value that is still another.
func (t Thread) Reset() error {
	var errs []error
	for _, value := range []struct {
		name string
		set  func() error
	}{
		{"scheduling policy", setPolicy},
		{"I/O priority", setIOPriority},
		{"processors", t.setAffinity},
		{"memory policy", setMemoryPolicy},
		{"personality", setPersonality},
		{"securebits", setSecurebits},
		{"timer slack", t.setTimerSlack}, // a real-time thread has none, so this is after the policy
	} {
		if err := value.set(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", value.name, err))
		}
	}
	return errors.Join(errs...)
}

func setPolicy() error {
	now, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		return err
	}
	const resetOnFork = 1 // SCHED_FLAG_RESET_ON_FORK
	if now.Policy == unix.SCHED_NORMAL && now.Nice == 0 && now.Flags&resetOnFork == 0 {
		return nil
	}
	return unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL}, 0)
}

// setIOPriority sets the class IOPRIO_CLASS_NONE: the priority follows nice (ioprio_set(2)).
func setIOPriority() error {
	const process = 1 // IOPRIO_WHO_PROCESS, which means a thread
	if _, _, errno := unix.RawSyscall(unix.SYS_IOPRIO_SET, process, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// setAffinity sets the processors if they are others: the kernel remembers a set that was asked for, and a
// processor that comes later would not be used.
func (t Thread) setAffinity() error {
	var now unix.CPUSet
	if err := unix.SchedGetaffinity(0, &now); err != nil {
		return err
	}
	if now == t.Affinity || t.Affinity.Count() == 0 {
		return nil
	}
	return unix.SchedSetaffinity(0, &t.Affinity)
}

func setMemoryPolicy() error {
	const byDefault = 0 // MPOL_DEFAULT
	_, _, errno := unix.RawSyscall(unix.SYS_SET_MEMPOLICY, byDefault, 0, 0)
	if errno != 0 && errno != unix.ENOSYS { // a kernel without NUMA
		return errno
	}
	return nil
}

func setPersonality() error {
	const ask = 0xffffffff
	now, _, errno := unix.RawSyscall(unix.SYS_PERSONALITY, ask, 0, 0)
	if errno == 0 && now != 0 {
		_, _, errno = unix.RawSyscall(unix.SYS_PERSONALITY, 0, 0, 0)
	}
	if errno != 0 {
		return errno
	}
	return nil
}

func setSecurebits() error {
	now, err := unix.PrctlRetInt(unix.PR_GET_SECUREBITS, 0, 0, 0, 0)
	if err != nil || now == 0 {
		return err
	}
	return unix.Prctl(unix.PR_SET_SECUREBITS, 0, 0, 0, 0)
}

func (t Thread) setTimerSlack() error {
	if t.TimerSlack == 0 {
		return nil
	}
	return unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(t.TimerSlack), 0, 0, 0)
}
