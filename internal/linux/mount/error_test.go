package mount

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// TestError: an error names the call, the object, the flags, the kernel's own words and the limit of the host that
// is reached, and keeps the errno.
func TestError(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  Error
		want string
	}{
		"plain":           {Error{Op: "open_tree", Object: "/srv", Err: unix.EPERM}, "open_tree /srv: operation not permitted"},
		"attributes":      {Error{Op: "fsmount", Object: "proc", Attr: ReadOnly | NoSUID | NoDev | NoExec, Err: unix.EBUSY}, "fsmount proc (ro,nosuid,nodev,noexec): device or resource busy"},
		"kernel":          {Error{Op: "fsconfig", Object: "tmpfs x", Kernel: "tmpfs: Unknown parameter 'x'", Err: unix.EINVAL}, "fsconfig tmpfs x: invalid argument (tmpfs: Unknown parameter 'x')"},
		"too many mounts": {Error{Op: "move_mount", Object: "/a on /b", Err: unix.ENOSPC}, "move_mount /a on /b: no space left on device: the host's limit is reached; raise fs.mount-max (sysctl.d(5))"},
		"a full disk":     {Error{Op: "fsconfig", Object: "tmpfs", Err: unix.ENOSPC}, "fsconfig tmpfs: no space left on device"},
	} {
		if got := tc.err.Error(); got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
		if !errors.Is(&tc.err, tc.err.Err) {
			t.Errorf("%s: the errno is lost", name)
		}
	}
}
