package mount

import (
	"os"
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
	// All containers without a user namespace have it below their roots. Root of one that may mount could make it writable
	// and larger (docs/threats.md, T43). Nobody else looks into it.
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
