package host

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"github.com/berthd/berth/internal/linux/fuse"
	"github.com/berthd/berth/internal/planner"
)

// Facts reads what plans depend on, into known: the file systems that a host mounts when it boots, its
// os-release(5), and whether its kernel can serve containers their part of /proc.
func Facts(known planner.Host, log *slog.Logger) (planner.Host, error) {
	table, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return planner.Host{}, err
	}
	defer func() { _ = table.Close() }()
	types, err := mountTypes(table)
	if err != nil {
		return planner.Host{}, fmt.Errorf("%s: %w", table.Name(), err)
	}
	known.OSRelease = osRelease(log, "/etc/os-release", "/usr/lib/os-release")
	known.SecurityFS = types["/sys/kernel/security"] == "securityfs"
	known.SELinuxFS = types["/sys/fs/selinux"] == "selinuxfs"
	known.ProcView = servesProc(log)
	return known, nil
}

// servesProc reports whether FUSE can be used, and logs once why not.
func servesProc(log *slog.Logger) bool {
	dev, err := os.OpenFile(fuse.Device, os.O_RDWR, 0)
	if err != nil {
		log.Warn("containers see the host's /proc/meminfo and its like: FUSE cannot be used", "err", err)
		return false
	}
	_ = dev.Close()
	return true
}

// mountTypes gives the type of what is mounted on each mount point, last; proc_pid_mountinfo(5).
func mountTypes(table io.Reader) (map[string]string, error) {
	types := map[string]string{}
	lines := bufio.NewScanner(table)
	lines.Buffer(nil, 1<<20) // an overlay of many layers is a long line
	for lines.Scan() {
		left, right, ok := strings.Cut(lines.Text(), " - ")
		at, kind := strings.Fields(left), strings.Fields(right)
		if !ok || len(at) < 5 || len(kind) < 1 {
			return nil, fmt.Errorf("a line is no mount: %q", lines.Text())
		}
		types[at[4]] = kind[0]
	}
	return types, lines.Err()
}

// osRelease reads the host's os-release(5), which containers are shown a copy of. A host without one
// is fine, and one of more than 16 KiB is no os-release.
func osRelease(log *slog.Logger, files ...string) string {
	const most = 16 << 10
	for _, file := range files {
		text, err := readSmall(file, most)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			log.Warn("the host's os-release is not shown to containers", "err", err)
			return ""
		case len(text) > most:
			log.Warn("the host's os-release is not shown to containers: it is too large", "file", file, "most", most)
			return ""
		}
		return string(text)
	}
	return ""
}

// readSmall reads at most one byte more than most.
func readSmall(file string, most int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, most+1))
}
