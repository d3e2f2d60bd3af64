package peers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
)

// Exec executes a command by the calls that none can do without: clone(2) into the control group, setns(2), clone(2)
// into the pid namespace, execve(2), wait.
func (f *floor) Exec(_ context.Context, id int, argv []string) (err error) {
	r := f.running[id]
	if r == nil {
		return fmt.Errorf("exec in %s: not started", name(id))
	}
	if r.group == nil {
		if r.group, err = openGroup(r.newborn.PID); err != nil {
			return err
		}
	}
	return execBorn(r.newborn.Process, r.group, f.null, argv)
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

// execBorn executes a command in the namespaces of an init, which is a pidfd, and in a control group.
func execBorn(leader, group, null *os.File, argv []string) error {
	const fdInit = 3
	const kinds = unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP
	b := born.Birth{
		Group: group, Files: []*os.File{null, null, null, leader}, Keep: 3,
		Calls: []born.Call{
			{Name: "setns", Number: unix.SYS_SETNS, Args: []born.Arg{born.Int(fdInit), born.Int(kinds)}},
			{Name: "clone", Number: unix.SYS_CLONE, Args: []born.Arg{born.Int(unix.CLONE_PARENT | int(unix.SIGCHLD))}, Split: true},
			{Name: "execve", Number: unix.SYS_EXECVE, Args: []born.Arg{born.Text(argv[0]), born.Texts(argv), born.Texts(nil)}},
		},
	}
	n, err := b.Start()
	if err != nil {
		return err
	}
	defer n.Close()
	status, err := reap(n.PID)
	if child := n.Child(); child != 0 && err == nil {
		status, err = reap(child)
	}
	// The report is complete: both processes have ended.
	if err := errors.Join(err, n.Await()); err != nil {
		return err
	}
	if !status.Exited() || status.ExitStatus() != 0 {
		return fmt.Errorf("%s: wait status %#x", argv[0], status)
	}
	return nil
}

// reap waits for a child.
func reap(pid int) (unix.WaitStatus, error) {
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(pid, &status, 0, nil)
		if !errors.Is(err, unix.EINTR) {
			return status, err
		}
	}
}
