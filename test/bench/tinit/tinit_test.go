package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// sigtimedwait is the system call that tinit ends up in.
const sigtimedwait = "128"

func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tinit")
	cmd := exec.Command("go", "build", "-ldflags=-E=main.entry", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// TestEndsInOrder: tinit takes each signal that managers send to an init, and exits with 0.
func TestEndsInOrder(t *testing.T) {
	t.Parallel()
	path := build(t)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, 37, 38, 39, 40} {
		t.Run(fmt.Sprint(int(signal)), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, path)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			waitUntilItWaits(ctx, t, cmd.Process.Pid)
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("signal %d: %v, want exit status 0", signal, err)
			}
		})
	}
}

// TestExitsAtOnce: with an argument, tinit waits for nothing and exits with 0.
func TestExitsAtOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := exec.CommandContext(ctx, build(t), "exit").Run(); err != nil {
		t.Errorf("%v, want exit status 0", err)
	}
}

func waitUntilItWaits(ctx context.Context, t *testing.T, pid int) {
	t.Helper()
	for ctx.Err() == nil {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/syscall", pid))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(string(text), sigtimedwait+" ") {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("tinit does not wait for signals")
}
