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

// guardMarker is set in the environment of what the script untouched runs.
const guardMarker = "BERTH_RUN"

// guarded runs this test binary again below the script untouched, unless it is below one, and says whether
// it did. Then the machine's other users are out of sight, and what is found is the run's own.
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
	told, stop, err := tidings()
	if err != nil {
		return true, 1, err
	}
	defer stop()
	cmd := exec.Command(filepath.Join(top, "test/rig/untouched"), append([]string{self}, os.Args[1:]...)...)
	cmd.Stdin = os.Stdin
	code, err = attend(cmd, told)
	return true, code, err
}

// tidings tells of every signal that this process is sent, instead of its end by it, and of its parent's end.
func tidings() (told <-chan os.Signal, stop func(), err error) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	if err := orphaned(signals); err != nil {
		signal.Stop(signals)
		return nil, nil, err
	}
	return signals, func() { signal.Stop(signals) }, nil
}

// attend runs a command, which is ended when this process is told to end. It gives the exit status.
func attend(cmd *exec.Cmd, told <-chan os.Signal) (code int, err error) {
	// A parent-death signal follows the thread, so that this one must live as long as the process.
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
			// It may have ended by itself: then there is nobody to tell.
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
