// Berth-supervisor stays beside one container. Only berthd starts it.
package main

import (
	"os"

	"github.com/berthd/berth/internal/initproc"
	"github.com/berthd/berth/internal/supervisor"
)

// The init stage runs here because "all init functions are run on the startup thread" (runtime.LockOSThread): it changes
// what belongs to a thread. To lock a thread later makes the runtime start another one, which takes as long as ten mounts.
func init() { //nolint:gochecknoinits // see above
	if os.Args[0] == initproc.Name {
		os.Exit(initproc.Run())
	}
}

func main() { os.Exit(supervisor.Run()) }
