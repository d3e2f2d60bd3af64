package hostlimit

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestExplain: an error at a limit of the host names the setting, and stays the same error. Any other error, and
// the same errno of another operation, is left alone.
func TestExplain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		op      Op
		err     error
		setting string
	}{
		"processes":          {Fork, unix.EAGAIN, "kernel.pid_max or kernel.threads-max"},
		"mounts":             {Mount, unix.ENOSPC, "fs.mount-max"},
		"terminals":          {Terminal, fmt.Errorf("open ptmx: %w", unix.ENOSPC), "kernel.pty.max"},
		"control groups":     {Group, unix.EAGAIN, "cgroup.max.descendants"},
		"loop devices":       {Loop, unix.ENOSPC, "max_loop"},
		"own descriptors":    {Any, unix.EMFILE, "LimitNOFILE="},
		"of a terminal":      {Terminal, unix.EMFILE, "LimitNOFILE="},
		"descriptors sent":   {Any, unix.ETOOMANYREFS, "LimitNOFILE="},
		"the host's files":   {Mount, &fs.PathError{Op: "open", Path: "/x", Err: unix.ENFILE}, "fs.file-max"},
		"a full disk":        {Any, unix.ENOSPC, ""},
		"a fork, full":       {Fork, unix.ENOSPC, ""},
		"a mount, again":     {Mount, unix.EAGAIN, ""},
		"a mount, forbidden": {Mount, unix.EPERM, ""},
		"no error":           {Fork, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Explain(c.op, c.err)
			if !errors.Is(got, c.err) {
				t.Errorf("%v is another error", got)
			}
			if c.setting == "" {
				if r := (*Reached)(nil); errors.As(got, &r) {
					t.Errorf("got %v", got)
				}
				return
			}
			if want := c.err.Error() + ": the host's limit is reached; raise "; !strings.HasPrefix(got.Error(), want) || !strings.Contains(got.Error(), c.setting) {
				t.Errorf("%q has no %s", got, c.setting)
			}
			if again := Explain(Any, fmt.Errorf("x: %w", got)); strings.Count(again.Error(), "raise") != 1 {
				t.Errorf("told twice: %v", again)
			}
		})
	}
}

// TestClone: a clone at a limit names the sysctl of each kind of namespaces that it makes, and of no other.
func TestClone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		flags uint64
		err   error
		want  string
	}{
		"one kind":      {unix.CLONE_NEWNET, unix.ENOSPC, "user.max_net_namespaces (sysctl.d(5))"},
		"an old kernel": {unix.CLONE_NEWUSER, unix.EUSERS, "user.max_user_namespaces (sysctl.d(5))"},
		"three kinds":   {unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC, unix.ENOSPC, "user.max_pid_namespaces or user.max_mnt_namespaces or user.max_ipc_namespaces (sysctl.d(5))"},
		"processes":     {unix.CLONE_NEWNET, unix.EAGAIN, "kernel.pid_max or kernel.threads-max (sysctl.d(5)), or TasksMax= of a slice (systemd.resource-control(5))"},
		"no kind":       {0, unix.ENOSPC, ""},
		"other error":   {unix.CLONE_NEWNET, unix.EPERM, ""},
		"no error":      {unix.CLONE_NEWNET, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Clone(c.flags, c.err)
			var r *Reached
			if errors.As(got, &r) != (c.want != "") || r != nil && r.Setting != c.want {
				t.Errorf("%v, want %q", got, c.want)
			}
			if !errors.Is(got, c.err) {
				t.Errorf("%v is another error", got)
			}
		})
	}
}
