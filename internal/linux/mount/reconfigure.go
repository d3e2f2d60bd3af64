package mount

import "golang.org/x/sys/unix"

// SetFlags replaces the options of the file system that is mounted at dir: afterwards it has these flags of its own,
// and no others. It changes no attribute of a mount. It returns an *Error with the kernel's message for a flag that the
// file system does not know.
func SetFlags(dir string, flags []string) error {
	ctx, err := unix.Fspick(unix.AT_FDCWD, dir, unix.FSPICK_CLOEXEC|unix.FSPICK_SYMLINK_NOFOLLOW|unix.FSPICK_NO_AUTOMOUNT)
	if err != nil {
		return &Error{Op: "fspick", Object: dir, Err: err}
	}
	defer func() { _ = unix.Close(ctx) }()
	for _, flag := range flags {
		if err := unix.FsconfigSetFlag(ctx, flag); err != nil {
			return &Error{Op: "fsconfig", Object: dir + " " + flag, Kernel: kernelText(ctx), Err: err}
		}
	}
	if err := unix.FsconfigReconfigure(ctx); err != nil {
		return &Error{Op: "reconfigure", Object: dir, Kernel: kernelText(ctx), Err: err}
	}
	return nil
}
