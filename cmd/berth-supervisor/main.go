// Berth-supervisor stays beside one container. Only berthd starts it.
package main

import (
	"os"

	"github.com/berthd/berth/internal/supervisor"
)

func main() { os.Exit(supervisor.Run()) }
