package inside

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/caps"
	"github.com/berthd/berth/internal/linux/inroot"
	"github.com/berthd/berth/internal/linux/namespace"
)

// Container is a running container. The descriptors are of init's, and stay the caller's.
type Container struct {
	Root   *os.File // its root directory (O_PATH)
	Mounts *os.File // its mount namespace
	User   *os.File // its user namespace; nil if it has none of its own
	UID    uint32   // of the container's root, on the host
	GID    uint32
	// May is asked right before something is changed. After an error of it nothing is changed.
	May func() error

	mounted map[string]bool // the devices of the file systems that the host has mounted, as "major:minor"
}

// apart calls f on a thread that makes files for the container's root, with exactly the modes that it asks for. The
// thread keeps the daemon's rights.
func (c *Container) apart(f func(root inroot.Root) error) (err error) {
	if c.mounted, err = hostMounts(); err != nil { // before the thread sees the container's /proc
		return err
	}
	return namespace.Apart(nil, func() error {
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			return fmt.Errorf("unshare: %w", err)
		}
		unix.Umask(0)
		if err := c.become(); err != nil {
			return err
		}
		return f(inroot.New(c.Root))
	})
}

// become gives the calling thread the ids of the container's root for files: the kernel makes no file for a user that
// the file system has no id for. It takes the rights over files away with the id 0 (capabilities(7)); they are set
// again.
func (c *Container) become() error {
	if c.UID == 0 && c.GID == 0 {
		return nil
	}
	all, err := caps.Permitted()
	if err != nil {
		return err
	}
	if err := unix.Setfsgid(int(c.GID)); err != nil {
		return fmt.Errorf("setfsgid: %w", err)
	}
	if err := unix.Setfsuid(int(c.UID)); err != nil {
		return fmt.Errorf("setfsuid: %w", err)
	}
	return caps.Set(all)
}
