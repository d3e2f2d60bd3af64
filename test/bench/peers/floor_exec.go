package peers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/test/bench/newborn"
)

// Exec executes a command by the calls that none can do without: clone(2) into the control group, setns(2), clone(2)
// into the pid namespace, execve(2), wait.
func (f *floor) Exec(_ context.Context, id int, argv []string) (err error) {
	r := f.running[id]
	if r == nil {
		return fmt.Errorf("exec in %s: not started", name(id))
	}
	if r.group == nil {
		if r.init, err = openProcess(r.child.PID); err != nil {
			return err
		}
		if r.group, err = openGroup(r.child.PID); err != nil {
			return err
		}
	}
	const kinds = unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP
	var c calls
	c.call("setns", unix.SYS_SETNS, int(r.init.Fd()), kinds)
	c.call("clone", unix.SYS_CLONE, unix.CLONE_PARENT|unix.CLONE_VM|unix.CLONE_PARENT_SETTID|int(unix.SIGCHLD), 0, newborn.Told{})
	c[len(c)-1].Split = true
	c.unblock()
	c.stdio(int(f.null.Fd()))
	c.call("execve", unix.SYS_EXECVE, argv[0], argv, []string{})
	p, err := newborn.Start(0, int(r.group.Fd()), c)
	if err != nil {
		return err
	}
	status, err := p.Wait()
	if err := errors.Join(err, p.Close()); err != nil {
		return err
	}
	if !status.Exited() || status.ExitStatus() != 0 {
		return fmt.Errorf("%s: wait status %#x", argv[0], status)
	}
	return nil
}

// openProcess returns a pidfd.
func openProcess(pid int) (*os.File, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, fmt.Errorf("pidfd of %d: %w", pid, err)
	}
	return os.NewFile(uintptr(fd), "pidfd"), nil
}

// openGroup opens the directory of a process's control group.
func openGroup(pid int) (*os.File, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		if group, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return os.Open(filepath.Join("/sys/fs/cgroup", group))
		}
	}
	return nil, fmt.Errorf("process %d is in no control group of version 2", pid)
}
