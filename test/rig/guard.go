package rig

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
)

// guardMarker is set in the environment of a command that the script untouched runs.
const guardMarker = "BERTH_RUN"

// guarded runs this test binary again below the script untouched. did is false if it runs below that already.
// The script hides the machine's other users, so everything that observe finds then belongs to the run.
func guarded() (did bool, code int, err error) {
	if os.Getenv(guardMarker) != "" {
		return false, 0, nil
	}
	here, err := os.Getwd()
	if err != nil {
		return true, 1, err
	}
	top, err := repository(here)
	if err != nil {
		return true, 1, err
	}
	self, err := os.Executable()
	if err != nil {
		return true, 1, err
	}
	told, stop, err := catchSignals()
	if err != nil {
		return true, 1, err
	}
	defer stop()
	cmd := exec.Command(filepath.Join(top, "test/rig/untouched"), append([]string{self}, os.Args[1:]...)...)
	cmd.Stdin = os.Stdin
	code, err = runCommand(cmd, told)
	return true, code, err
}

// catchSignals returns a channel with the signals that would end this process. The end of the parent counts as
// SIGHUP.
func catchSignals() (told <-chan os.Signal, stop func(), err error) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	if err := watchParent(signals); err != nil {
		signal.Stop(signals)
		return nil, nil, err
	}
	return signals, func() { signal.Stop(signals) }, nil
}

// runCommand runs a command and returns its exit status. It ends the command when a signal comes from told, and
// returns an error then.
func runCommand(cmd *exec.Cmd, told <-chan os.Signal) (code int, err error) {
	// A parent-death signal comes when the thread that made the child ends, so this thread must not end before.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	var got os.Signal
	for {
		select {
		case got = <-told:
			// Fails only if the command has ended by itself.
			_ = cmd.Process.Signal(syscall.SIGTERM)
		case err := <-ended:
			code, err = status(err)
			if got != nil {
				err = errors.Join(err, fmt.Errorf("interrupted: %v", got))
			}
			return code, err
		}
	}
}
