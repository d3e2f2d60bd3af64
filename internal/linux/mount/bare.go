package mount

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Bare returns a new mount namespace that has nothing but an empty directory. It
// changes the calling thread's mount namespace and root, so the thread must end. The namespace lives as long as it is
// open, or somebody is in it.
func Bare() (ns *os.File, err error) {
	if err := Unshare(); err != nil {
		return nil, err
	}
	if ns, err = os.Open("/proc/thread-self/ns/mnt"); err != nil {
		return nil, err
	}
	if err := strip(); err != nil {
		_ = ns.Close()
		return nil, err
	}
	return ns, nil
}

// strip makes a new tmpfs the root of this mount namespace, and drops the old root.
func strip() error {
	// All containers without a user namespace have it below their roots. Root of one that may mount could make it writable and
	// larger (docs/threats.md, T43). Nobody else looks into it.
	root, err := New("tmpfs", []Option{{"mode", "0"}, {"size", "4k"}, {"nr_inodes", "1"}}, NoSUID|NoDev|NoExec)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if err := SetAttr(root, ReadOnly, One); err != nil {
		return err
	}
	return Pivot(root, "/")
}

// Enter gives the calling thread a mount namespace of its own, a copy of a namespace of Bare. Nothing of the
// old one is in it. The copy of the host's mounts that unshare(2) makes, and its end, would cost more than all mounts of
// a container. The thread's root and working directory become those of the new namespace.
func Enter(bare *os.File) error {
	// setns(2) refuses a thread that shares its root with others.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return &Error{Op: "unshare", Object: "the root", Err: err}
	}
	err := unix.Setns(int(bare.Fd()), unix.CLONE_NEWNS)
	runtime.KeepAlive(bare)
	if err != nil {
		return &Error{Op: "setns", Object: "the bare mount namespace", Err: err}
	}
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return &Error{Op: "unshare", Object: "the mount namespace", Err: err}
	}
	return nil
}
