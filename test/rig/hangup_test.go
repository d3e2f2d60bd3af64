//go:build nest || vm

package rig

import (
	"os"
	"os/signal"
	"syscall"
)

// hangUps undoes for the tests' children what nohup(1) does: they would inherit that hangups are ignored.
func hangUps() {
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
}
