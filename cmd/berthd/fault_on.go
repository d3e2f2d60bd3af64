//go:build faultpoint

package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// reached makes the daemon die or fail at one point between two parts of a run, once: for tests. The file
// that BERTH_FAULT names says where, as "kill start scope" or "fail stop machine".
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
