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

// EnterError says which namespace could not be entered.
type EnterError struct {
	Kind Kind
	Err  error
}

func (e *EnterError) Error() string { return "setns " + string(e.Kind) + ": " + e.Err.Error() }
func (e *EnterError) Unwrap() error { return e.Err }

// Within calls f on a thread that is in these namespaces, so that a process that f makes is born in
// them. No other thread of this process changes, and this one ends. An EnterError when f was not
// called, else f's error.
func Within(list []Held, f func() error) error {
	if len(list) == 0 {
		return f()
	}
	return aside(func() error {
		for _, h := range list {
			if err := enter(h); err != nil {
				return err
			}
		}
		return f()
	})
}

// aside calls f on a thread of its own: a goroutine that ends with its thread locked ends the thread.
// That is so for all but the main one, which Go parks for good as it is (runtime.mexit), and by which
// /proc/PID/ns shows the process. So the main thread is only held while another is found.
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
