package signals

import (
	"os/signal"
	"syscall"
	"testing"
)

// TestIgnored: a signal is told that is ignored, and not one that is handled or has its default.
func TestIgnored(t *testing.T) { //nolint:paralleltest // signals are the process's
	bit := func(sig syscall.Signal) uint64 { return 1 << (sig - 1) }
	signal.Ignore(syscall.SIGUSR2)
	t.Cleanup(func() { signal.Reset(syscall.SIGUSR2) })
	got := Ignored()
	if got&bit(syscall.SIGUSR2) == 0 || got&bit(syscall.SIGUSR1) != 0 || got&bit(syscall.SIGSEGV) != 0 {
		t.Errorf("%#x", got)
	}
}
