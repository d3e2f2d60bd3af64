// Package hostlimit says which setting of the host is too small when a system call fails at one of the host's
// limits: the errno alone, such as "no space left on device", does not. It keeps no state.
package hostlimit

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Op is an operation that can meet a limit.
type Op int

// The operations. Any is each of them, and all others.
const (
	Any      Op = iota
	Fork        // a new process
	Mount       // a mount is attached
	Terminal    // a new terminal in a container's devpts
	Group       // a new control group
	Loop        // a new loop device
	Instance    // a new instance of inotify
	Watch       // a new watch of inotify
)

// rows has the setting of each limit, by operation and errno. An operation has the row that fits it first.
func rows() []struct {
	op      Op
	errno   unix.Errno
	setting string
} {
	return []struct {
		op      Op
		errno   unix.Errno
		setting string
	}{
		{Fork, unix.EAGAIN, "kernel.pid_max or kernel.threads-max (sysctl.d(5)), or TasksMax= of a slice (systemd.resource-control(5))"},
		{Mount, unix.ENOSPC, "fs.mount-max (sysctl.d(5))"},
		{Terminal, unix.ENOSPC, "kernel.pty.max, of which kernel.pty.reserve is kept for the host (sysctl.d(5))"},
		{Group, unix.EAGAIN, "cgroup.max.descendants or cgroup.max.depth of a control group above"},
		{Loop, unix.ENOSPC, "the parameter max_loop of the kernel's module loop"},
		{Instance, unix.EMFILE, "fs.inotify.max_user_instances (sysctl.d(5)), or LimitNOFILE= of berthd.service (systemd.exec(5))"},
		{Watch, unix.ENOSPC, "fs.inotify.max_user_watches (sysctl.d(5))"},
		// Supervisors begin with systemd's default (docs/inherited.md).
		{Any, unix.EMFILE, "LimitNOFILE= of berthd.service (systemd.exec(5)) or DefaultLimitNOFILE= (systemd-system.conf(5))"},
		{Any, unix.ETOOMANYREFS, "LimitNOFILE= of berthd.service (systemd.exec(5)) or DefaultLimitNOFILE= (systemd-system.conf(5))"},
		{Any, unix.ENFILE, "fs.file-max (sysctl.d(5))"},
	}
}

// Reached is an error at a limit of the host.
type Reached struct {
	Setting string
	Err     error
}

func (r *Reached) Error() string {
	return r.Err.Error() + ": the host's limit is reached; raise " + r.Setting
}

// Unwrap returns the error of the operation.
func (r *Reached) Unwrap() error { return r.Err }

// Explain returns a Reached if err is a limit of the host that op meets, and err itself otherwise.
func Explain(op Op, err error) error {
	if known := (*Reached)(nil); err == nil || errors.As(err, &known) {
		return err
	}
	for _, row := range rows() {
		if (row.op == op || row.op == Any) && errors.Is(err, row.errno) {
			return &Reached{row.setting, err}
		}
	}
	return err
}

// namespaces lists the kinds of namespaces with the sysctl of each. There are no more than so many of each kind
// in a user namespace, by owner (namespaces(7)).
func namespaces() []struct {
	flag   uint64
	sysctl string
} {
	return []struct {
		flag   uint64
		sysctl string
	}{
		{unix.CLONE_NEWUSER, "max_user_namespaces"},
		{unix.CLONE_NEWPID, "max_pid_namespaces"},
		{unix.CLONE_NEWNS, "max_mnt_namespaces"},
		{unix.CLONE_NEWNET, "max_net_namespaces"},
		{unix.CLONE_NEWIPC, "max_ipc_namespaces"},
		{unix.CLONE_NEWUTS, "max_uts_namespaces"},
		{unix.CLONE_NEWCGROUP, "max_cgroup_namespaces"},
	}
}

// Clone is Explain for a clone(2) or unshare(2) with these flags. The kernel does not say which kind of
// namespaces is used up. A limit of 0 forbids the kind, so it is named alone.
func Clone(flags uint64, err error) error {
	if !errors.Is(err, unix.ENOSPC) && !errors.Is(err, unix.EUSERS) {
		return Explain(Fork, err)
	}
	var all, forbidden []string
	for _, n := range namespaces() {
		if flags&n.flag == 0 {
			continue
		}
		all = append(all, "user."+n.sysctl)
		if text, _ := os.ReadFile("/proc/sys/user/" + n.sysctl); strings.TrimSpace(string(text)) == "0" {
			forbidden = append(forbidden, "user."+n.sysctl)
		}
	}
	if len(forbidden) > 0 {
		all = forbidden
	}
	if len(all) == 0 {
		return err
	}
	return &Reached{strings.Join(all, " or ") + " (sysctl.d(5))", err}
}
