// Berth-supervisor stays beside one container. Only berthd starts it.
package main

import (
	"os"

	"github.com/berthd/berth/internal/initproc"
	"github.com/berthd/berth/internal/supervisor"
)

func main() {
	if os.Args[0] == initproc.Name {
		os.Exit(initproc.Run())
	}
	os.Exit(supervisor.Run())
}
