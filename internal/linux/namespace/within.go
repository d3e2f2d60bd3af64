package namespace

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Held is an open namespace.
type Held struct {
	Kind Kind
	File *os.File
}

// EnterError is returned if a namespace cannot be entered.
type EnterError struct {
	Kind Kind
	Err  error
}

func (e *EnterError) Error() string { return "setns " + string(e.Kind) + ": " + e.Err.Error() }
func (e *EnterError) Unwrap() error { return e.Err }

// Within calls f on a thread that has entered these namespaces. A process that f creates is in them
// from the beginning. The process's other threads do not change. It returns an *EnterError if a
// namespace cannot be entered, and otherwise f's error.
func Within(list []Held, f func() error) error {
	if len(list) == 0 {
		return f()
	}
	return Apart(list, f)
}

// Apart is like Within, but always takes a thread of its own. So f may change the thread's namespaces.
func Apart(list []Held, f func() error) error {
	return aside(func() error {
		for _, h := range list {
			if err := enter(h); err != nil {
				return err
			}
		}
		return f()
	})
}

// aside calls f on a thread of its own, which ends afterwards: Go ends a thread if its goroutine ends
// while locked to it. It does not end the main thread but parks it (runtime.mexit), and /proc/PID/ns
// would show the main thread's changed namespaces as the process's. So if the goroutine gets the main
// thread, it keeps that busy and tries again with another goroutine.
func aside(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			done <- f()
			return
		}
		defer runtime.UnlockOSThread()
		done <- aside(f)
	}()
	return <-done
}

func enter(h Held) error {
	err := unix.Setns(int(h.File.Fd()), h.Kind.flag())
	runtime.KeepAlive(h.File)
	if err != nil {
		return &EnterError{h.Kind, err}
	}
	return nil
}
