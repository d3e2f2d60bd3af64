package launch

import (
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/plan"
)

// nodes makes the nodes of host devices for a container with a user namespace, in a new tmpfs: the kernel opens no
// device by a node in a file system that was mounted in such a namespace. They belong to the container's root.
func nodes(p *plan.Plan) (*os.File, error) {
	// The container's root must get through the directory. It is not seen any more once its files are mounted.
	options := []mount.Option{{Key: "mode", Value: "711"}, {Key: "size", Value: "65536"}}
	if p.Label.Files != "" {
		options = append(options, mount.Option{Key: "context", Value: p.Label.Files})
	}
	fs, err := mount.New("tmpfs", options, mount.NoSUID|mount.NoExec)
	if err != nil {
		return nil, err
	}
	for i, d := range p.Nodes {
		if err := makeNode(fs, strconv.Itoa(i), d, rootID(p.UIDs), rootID(p.GIDs)); err != nil {
			_ = fs.Close()
			return nil, fmt.Errorf("node of %s: %w", d.Path, err)
		}
	}
	return fs, nil
}

func makeNode(dir *os.File, name string, d plan.Device, uid, gid int) error {
	kind := uint32(unix.S_IFCHR)
	if d.Block {
		kind = unix.S_IFBLK
	}
	at := int(dir.Fd())
	defer runtime.KeepAlive(dir)
	if err := unix.Mknodat(at, name, kind|0o600, int(unix.Mkdev(d.Major, d.Minor))); err != nil {
		return err
	}
	if err := unix.Fchownat(at, name, uid, gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return err
	}
	return unix.Fchmodat(at, name, d.Mode, 0) // mknod(2) heeds the umask
}

// rootID returns the host's id of the id 0 in a container.
func rootID(list []plan.IDRange) int {
	for _, r := range list {
		if r.Inside == 0 {
			return int(r.Outside)
		}
	}
	return int(list[0].Outside)
}
