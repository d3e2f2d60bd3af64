package mount

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// TestError: an error names the call, the object, the flags and the kernel's own words, and keeps
// the errno.
func TestError(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  Error
		want string
	}{
		"plain":      {Error{Op: "open_tree", Object: "/srv", Err: unix.EPERM}, "open_tree /srv: operation not permitted"},
		"attributes": {Error{Op: "fsmount", Object: "proc", Attr: ReadOnly | NoSUID | NoDev | NoExec, Err: unix.EBUSY}, "fsmount proc (ro,nosuid,nodev,noexec): device or resource busy"},
		"kernel":     {Error{Op: "fsconfig", Object: "tmpfs x", Kernel: "tmpfs: Unknown parameter 'x'", Err: unix.EINVAL}, "fsconfig tmpfs x: invalid argument (tmpfs: Unknown parameter 'x')"},
	} {
		if got := tc.err.Error(); got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
		if !errors.Is(&tc.err, tc.err.Err) {
			t.Errorf("%s: the errno is lost", name)
		}
	}
}
