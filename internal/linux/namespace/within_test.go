package namespace

import (
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestAside: a function that is run aside never runs on the main thread, and its thread ends.
func TestAside(t *testing.T) {
	t.Parallel()
	before := threads(t)
	want := errors.New("of f")
	main := 0
	for range 1000 {
		tid := 0
		if err := aside(func() error { tid = unix.Gettid(); return want }); !errors.Is(err, want) {
			t.Fatal(err)
		}
		if tid == unix.Getpid() {
			main++
		}
	}
	if main > 0 {
		t.Errorf("%d times it was the main thread", main)
	}
	for deadline := time.Now().Add(time.Minute); threads(t) > before+100; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("there were %d threads, and now are %d", before, threads(t))
		}
	}
}

// threads counts this process's.
func threads(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestWithinNothing: without a namespace to enter, the function runs on the caller's thread.
func TestWithinNothing(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	want, got := unix.Gettid(), 0
	if err := Within(nil, func() error { got = unix.Gettid(); return nil }); err != nil || got != want {
		t.Errorf("thread %d, not %d: %v", got, want, err)
	}
}

// TestApart: the function runs on another thread than the caller's, also without a namespace to enter.
func TestApart(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	caller, got := unix.Gettid(), 0
	if err := Apart(nil, func() error { got = unix.Gettid(); return nil }); err != nil || got == 0 || got == caller {
		t.Errorf("thread %d, and the caller's is %d: %v", got, caller, err)
	}
}

// TestEnterError: a namespace that is refused is named, and the function does not run.
func TestEnterError(t *testing.T) {
	t.Parallel()
	uts, err := os.Open("/proc/self/ns/uts")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = uts.Close() }()
	err = Within([]Held{{IPC, uts}}, func() error { t.Error("it was done"); return nil })
	var refused *EnterError
	if !errors.As(err, &refused) || refused.Kind != IPC || !errors.Is(err, unix.EINVAL) {
		t.Errorf("got %v", err)
	}
}
