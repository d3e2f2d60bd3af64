package namespace

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Held is an open namespace.
type Held struct {
	Kind Kind
	File *os.File
}

// Within calls f on a thread that is in these namespaces, so that a process that f makes is born in
// them. No other thread of this process changes, and this one comes back or ends.
func Within(list []Held, f func() error) error {
	if len(list) == 0 {
		return f()
	}
	done := make(chan error)
	go func() {
		// A goroutine that ends with its thread locked ends the thread.
		runtime.LockOSThread()
		back, err := enter(list)
		if err == nil {
			err = f()
		}
		if back() {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

// enter moves the calling thread; back says whether it is again where it was.
func enter(list []Held) (back func() bool, err error) {
	var own []Held
	back = func() bool {
		whole := true
		for _, h := range own {
			whole = set(h) == nil && whole
			_ = h.File.Close()
		}
		return whole
	}
	for _, h := range list {
		was, err := os.Open("/proc/thread-self/ns/" + string(h.Kind))
		if err != nil {
			return back, err
		}
		own = append(own, Held{h.Kind, was})
		if err := set(h); err != nil {
			return back, err
		}
	}
	return back, nil
}

func set(h Held) error {
	err := unix.Setns(int(h.File.Fd()), h.Kind.flag())
	runtime.KeepAlive(h.File)
	if err != nil {
		return fmt.Errorf("setns %s: %w", h.Kind, err)
	}
	return nil
}
