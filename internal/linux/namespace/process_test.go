package namespace

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestKernelThread: a kernel thread is refused. Where process 2 is kthreadd, in the machine's own
// pid namespace, it is tried itself.
func TestKernelThread(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		"2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 2":      errors.New("process 2 is a kernel thread"),
		"2 (kthreadd) S 1 2 2 0 -1 4194560 1 0 0 0 0 2 0 20": nil,
	} {
		s, err := parseStat(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := noKernelThread(2, s); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	if name, err := os.ReadFile("/proc/2/comm"); err != nil || string(name) != "kthreadd\n" {
		return
	}
	for _, k := range []Kind{Net, IPC, UTS} {
		if f, err := OfProcess(2, k); f != nil || err == nil || err.Error() != "process 2 is a kernel thread" {
			t.Errorf("%s: %v, %v", k, f, err)
		}
	}
}

// TestThread: a thread that is no process is refused, and its process is named.
func TestThread(t *testing.T) {
	t.Parallel()
	type ids struct{ thread, process int }
	told, over := make(chan ids), make(chan struct{})
	defer close(over)
	for range 2 { // at most one of them is the main thread
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			told <- ids{unix.Gettid(), os.Getpid()}
			<-over
		}()
	}
	for range 2 {
		id := <-told
		if id.thread == id.process {
			continue
		}
		want := strconv.Itoa(id.thread) + " is a thread of process " + strconv.Itoa(id.process) + ", not a process"
		if f, err := OfProcess(uint32(id.thread), Net); f != nil || err == nil || err.Error() != want {
			t.Errorf("%v, %v; want %q", f, err, want)
		}
	}
}

// TestGone: a pid that nobody has is os.ErrProcessDone.
func TestGone(t *testing.T) {
	t.Parallel()
	if f, err := OfProcess(1<<31-1, Net); f != nil || !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("%v, %v", f, err)
	}
}

// TestOfChild: a namespace is opened only when the process has the expected parent.
func TestOfChild(t *testing.T) {
	t.Parallel()
	if f, err := OfChild(uint32(os.Getppid()), uint32(os.Getpid()), UTS); err != nil {
		t.Error(err)
	} else {
		_ = f.Close()
	}
	if f, err := OfChild(uint32(os.Getpid()), uint32(os.Getpid()), UTS); f != nil || !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("%v, %v", f, err)
	}
}

// TestChild: a process is opened only when it has the expected parent.
func TestChild(t *testing.T) {
	t.Parallel()
	if f, err := Child(uint32(os.Getppid()), uint32(os.Getpid())); err != nil {
		t.Error(err)
	} else {
		_ = f.Close()
	}
	for _, pid := range []uint32{uint32(os.Getpid()), 1<<31 - 1} {
		if f, err := Child(uint32(os.Getpid()), pid); f != nil || !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("%d: %v, %v", pid, f, err)
		}
	}
}

// TestParseStat: parent and flags are read from /proc/PID/stat whatever the process calls itself,
// and a broken line is an error.
func TestParseStat(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]stat{
		"2 (kthreadd) S 0 0 0 0 -1 2129984 0 0":           {0, 0x208040},
		"77 (a) S 1 2 3) R 76 0 0 0 -1 4194304 0\n":       {76, 0x400000},
		"77 (\n) 1 1 1 1 1 1 1) Z 76 77 77 0 -1 256 1\n":  {76, 256},
		"77 (x) S 4294967295 1 1 34816 9 4294967295 0 0 ": {1<<32 - 1, 1<<32 - 1},
	} {
		if got, err := parseStat(text); got != want || err != nil {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "7", "7 (x", "7 (x) S 1 1 1 0 -1", "7 (x) S x 1 1 0 -1 5", "7 (x) S 1 1 1 0 -1 4294967296"} {
		if got, err := parseStat(text); err == nil || !strings.HasPrefix(err.Error(), "stat of a process") {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
}
