package rig

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// watchParent sends SIGHUP to told, once, when the process that started this one ends: the go command does not
// end its tests when it is killed. The goroutine lives as long as the process.
func watchParent(told chan<- os.Signal) error {
	fd, err := unix.PidfdOpen(os.Getppid(), 0)
	if err != nil {
		return fmt.Errorf("pidfd of the parent: %w", err)
	}
	go func() {
		for {
			_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
			if err == unix.EINTR {
				continue
			}
			told <- unix.SIGHUP
			return
		}
	}()
	return nil
}
