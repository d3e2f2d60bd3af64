package signals

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
)

// TestForgoChildren: the end of a child sends this process no signal, and the child still has to be reaped.
func TestForgoChildren(t *testing.T) { //nolint:paralleltest // signals are the process's
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGCHLD)
	if err := ForgoChildren(); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "/bin/sh", "-c", "exit 3")
	err := c.Run()
	if c.ProcessState == nil || c.ProcessState.ExitCode() != 3 {
		t.Errorf("the child's end: %v", err)
	}
	select {
	case <-ends:
		t.Error("the end of a child sent a signal")
	default:
	}
}
