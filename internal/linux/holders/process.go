package holders

import (
	"bytes"
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
