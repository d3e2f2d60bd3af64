package holders

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/mountinfo"
)

// process is an open directory of /proc.
type process struct{ dir int }

func openProcess(name string) (*process, error) {
	fd, err := unix.Open("/proc/"+name, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: "/proc/" + name, Err: err}
	}
	return &process{fd}, nil
}

func (p *process) close() { _ = unix.Close(p.dir) }

func (p *process) link(name string) (string, error) {
	var buffer [256]byte
	n, err := unix.Readlinkat(p.dir, name, buffer[:])
	return string(buffer[:max(n, 0)]), err
}

// read reads a file, or its first bytes if it is longer; nothing if it cannot be read.
func (p *process) read(name string, most int64) []byte {
	fd, err := unix.Openat(p.dir, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	f := os.NewFile(uintptr(fd), name)
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, most))
	if err != nil {
		return nil
	}
	return text
}

// mountsMost bounds the memory for the mounts of one process: root of a container may have made as many as the kernel
// lets it.
const mountsMost = 8 << 20

func (p *process) mounts() []mountinfo.Mount {
	text := p.read("mountinfo", mountsMost)
	list, err := mountinfo.Parse(text[:bytes.LastIndexByte(text, '\n')+1])
	if err != nil {
		return nil
	}
	return list
}

func (p *process) command() string { return strings.TrimSuffix(string(p.read("comm", 64)), "\n") }

// group returns the control group: that of cgroup2, or else of systemd's own hierarchy.
func (p *process) group() (group string) {
	for line := range strings.Lines(string(p.read("cgroup", 64<<10))) {
		line = strings.TrimSuffix(line, "\n")
		if path, found := strings.CutPrefix(line, "0::"); found && path != "/" {
			return path
		}
		if _, path, found := strings.Cut(line, ":name=systemd:"); found && path != "/" {
			group = path
		}
	}
	return group
}

// look returns the place of an open directory, and the number of its mount, without a question to a server.
func look(fd int) (place, uint64, error) {
	const want = unix.STATX_INO | unix.STATX_MNT_ID
	var st unix.Statx_t
	err := unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_NO_AUTOMOUNT|unix.AT_STATX_DONT_SYNC, want, &st)
	return place{unix.Mkdev(st.Dev_major, st.Dev_minor), st.Ino}, st.Mnt_id, err
}

var errDeep = errors.New("too deep")

// climb returns the place of an open directory and those above it, up to the root of its mount namespace.
func climb(fd int) (above []place, err error) {
	at, _, err := look(fd)
	if err != nil {
		return nil, err
	}
	above = append(above, at)
	for held := -1; ; {
		up, err := unix.Openat(fd, "..", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if held >= 0 {
			_ = unix.Close(held)
		}
		if err != nil {
			return nil, err
		}
		fd, held = up, up
		at, _, err := look(up)
		if err != nil || at == above[len(above)-1] || len(above) > unix.PathMax {
			_ = unix.Close(up)
			if err == nil && len(above) > unix.PathMax {
				err = errDeep
			}
			return above, err
		}
		above = append(above, at)
	}
}
