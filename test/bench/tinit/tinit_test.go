package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
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
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
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
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := exec.CommandContext(ctx, build(t), "exit").Run(); err != nil {
		t.Errorf("%v, want exit status 0", err)
	}
}

// TestAnswers: a tinit that gets a listening socket answers the connection that waits there.
func TestAnswers(t *testing.T) {
	t.Parallel()
	at := &net.UnixAddr{Net: "unix", Name: filepath.Join(t.TempDir(), "socket")}
	listener, err := net.ListenUnix("unix", at)
	if err != nil {
		t.Fatal(err)
	}
	passed, err := listener.File()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.DialUnix("unix", nil, at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, build(t))
	cmd.ExtraFiles = []*os.File{passed}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// Only tinit has the socket now. If it ends without an answer, the connection ends too.
	if err := errors.Join(listener.Close(), passed.Close()); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(conn); err != nil || len(text) != 1 {
		t.Errorf("read %d bytes, %v, want 1", len(text), err)
	}
	if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
		t.Error(err)
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
