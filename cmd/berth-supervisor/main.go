// Berth-supervisor stays beside one container. Berthd starts it; it is not for people.
package main

import (
	"os"
	"runtime"

	"github.com/berthd/berth/internal/initproc"
	"github.com/berthd/berth/internal/supervisor"
)

// The main thread must be the one that execs init: what is set per thread, as capabilities and
// namespaces, is what init gets.
func init() { runtime.LockOSThread() } //nolint:gochecknoinits // the only place to lock the main thread

func main() {
	if os.Args[0] == initproc.Name {
		os.Exit(initproc.Run())
	}
	runtime.UnlockOSThread()
	os.Exit(supervisor.Run())
}
