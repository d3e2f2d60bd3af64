// Package command runs programs for the tests of a rig.
package command

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is for a program that should have ended long ago.
const patience = 5 * time.Minute

// Result is what a program did; what it printed is without blanks around.
type Result struct {
	Out, Err string
	Status   int
}

// Try runs a program and gives its result, whatever it is. It has no standard input.
func Try(t testing.TB, name string, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var out, complaints bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return Result{Out: strings.TrimSpace(out.String()), Err: strings.TrimSpace(complaints.String()), Status: cmd.ProcessState.ExitCode()}
}

// Run runs a program, which must succeed, and gives what it printed.
func Run(t testing.TB, name string, args ...string) string {
	t.Helper()
	r := Try(t, name, args...)
	if r.Status != 0 {
		t.Fatalf("%s %v: status %d: %s%s", name, args, r.Status, r.Out, r.Err)
	}
	return r.Out
}

// HeedHangUps has the programs that are run from now on heed hangups, which nohup(1) has ignored: they
// would inherit that.
func HeedHangUps() {
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
}
