package initproc

import (
	"fmt"
	"path"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/internal/linux/mount"
)

// bootIDFile is where the boot id is made: in the container's /dev, which is always a new tmpfs. So it needs no
// file system of its own. The name goes once the file is mounted (move_mount(2) takes no file without a name).
const bootIDFile = "/dev/.boot_id"

// bootID returns a mount of a new file with the boot id of this life.
func (s *Stage) bootID(attr mount.Attr) (tree, error) {
	var id [16]byte
	if _, err := unix.Getrandom(id[:], 0); err != nil {
		return tree{}, fmt.Errorf("getrandom: %w", err)
	}
	r := s.open(bootIDFile, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, 0o444, 0)
	f := tree{fd: born.Of(r), name: bootIDFile, kind: file}
	s.write(f.fd, bootIDFile, bootIDText(id))
	return s.cloneInner(f, false, attr), nil
}

func (s *Stage) removeBootID() {
	s.do("unlink in the container", bootIDFile, unix.SYS_UNLINKAT, s.dirOf(bootIDFile), born.Text(path.Base(bootIDFile)), born.Int(0))
}

// bootIDText returns random bytes as the kernel shows them in /proc/sys/kernel/random/boot_id: as a UUID
// of version 4 (RFC 9562), on a line.
func bootIDText(id [16]byte) string {
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	const digits = "0123456789abcdef"
	text := make([]byte, 0, 37)
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text = append(text, '-')
		}
		text = append(text, digits[b>>4], digits[b&0xf])
	}
	return string(append(text, '\n'))
}
