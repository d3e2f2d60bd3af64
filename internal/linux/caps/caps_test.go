package caps

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// TestPermitted: the permitted set is the one that the kernel shows.
func TestPermitted(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	text, err := os.ReadFile("/proc/thread-self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\nCapPrm:\t")
	line, _, _ := strings.Cut(rest, "\n")
	want, err := strconv.ParseUint(line, 16, 64)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Permitted(); got != want || err != nil {
		t.Errorf("got %#x, %v; want %#x", got, err, want)
	}
}

// TestCount: the kernel has as many capabilities as it says.
func TestCount(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("/proc/sys/kernel/cap_last_cap")
	if err != nil {
		t.Fatal(err)
	}
	if got := strconv.Itoa(Count()-1) + "\n"; got != string(text) {
		t.Errorf("the last is %q, want %q", got, text)
	}
}
