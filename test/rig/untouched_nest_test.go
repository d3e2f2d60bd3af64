//go:build nest

package rig

import (
	"errors"
	"io"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// TestUntouchedEnds: a guard that is ended alone, which is what make does to it, leaves no command behind.
func TestUntouchedEnds(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"terminated": syscall.SIGTERM, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			guard := exec.CommandContext(t.Context(), "./untouched", "sh", "-c", "echo begun; exec cat")
			in, inErr := guard.StdinPipe()
			out, outErr := guard.StdoutPipe()
			if err := errors.Join(inErr, outErr); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = in.Close() }() // with which the command ends, if it is still there
			if err := guard.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := out.Read(make([]byte, 16)); err != nil {
				t.Fatal(err)
			}
			if err := guard.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, _ = io.Copy(io.Discard, out) // its other end is the command's, too
			}()
			select {
			case <-ended:
			case <-time.After(10 * time.Second):
				t.Error("the command goes on")
			}
			_ = guard.Wait() // by the signal
		})
	}
}
