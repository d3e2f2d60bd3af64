//go:build faultpoint

package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// reached returns a function that makes the daemon die or fail once, at one point between two parts of a run.
// It is for tests. BERTH_FAULT is the path of a file with the point, such as "kill start scope" or
// "fail stop machine".
func reached() func(point string) error {
	file := os.Getenv("BERTH_FAULT")
	return func(point string) error {
		text, err := os.ReadFile(file)
		how, where, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
		if err != nil || where != point || os.Remove(file) != nil {
			return nil
		}
		if how == "kill" {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return fmt.Errorf("fault at %s", point)
	}
}
