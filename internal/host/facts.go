package host

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/linux/fuse"
	"github.com/berthd/berth/internal/planner"
)

// Facts fills in the fields of known that it reads from the host: which file systems the host has mounted at
// boot, its os-release(5), whether its kernel has message queues, and whether it can serve containers their own part
// of /proc.
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
	known.MQueue = supports("mqueue")
	known.ProcView = servesProc(log)
	return known, nil
}

// supports reports whether the kernel has a type of file system (proc_filesystems(5)).
func supports(fstype string) bool {
	table, err := os.ReadFile("/proc/filesystems")
	return err == nil && slices.Contains(strings.Fields(string(table)), fstype)
}

// servesProc reports whether FUSE can be used. It logs the reason if not.
func servesProc(log *slog.Logger) bool {
	dev, err := os.OpenFile(fuse.Device, os.O_RDWR, 0)
	if err != nil {
		log.Warn("containers see the host's own /proc/meminfo and similar files: FUSE cannot be used", "err", err)
		return false
	}
	_ = dev.Close()
	return true
}

// mountTypes returns the file system type of the last mount on each mount point (proc_pid_mountinfo(5)).
func mountTypes(table io.Reader) (map[string]string, error) {
	types := map[string]string{}
	lines := bufio.NewScanner(table)
	lines.Buffer(nil, 1<<20) // an overlay of many layers is a long line
	for lines.Scan() {
		left, right, ok := strings.Cut(lines.Text(), " - ")
		at, kind := strings.Fields(left), strings.Fields(right)
		if !ok || len(at) < 5 || len(kind) < 1 {
			return nil, fmt.Errorf("a line is not a mount: %q", lines.Text())
		}
		types[at[4]] = kind[0]
	}
	return types, lines.Err()
}

// osRelease returns the host's os-release(5), of which containers get a copy. It returns "" if the host has
// none. It also returns "", and logs the reason, if the file cannot be read or is larger than 16 KiB.
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

// readSmall reads a file, but at most one byte more than most.
func readSmall(file string, most int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, most+1))
}
