package inside

import (
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// isOwn reports whether a directory is in a tmpfs that the host has not mounted anywhere: in one that was made for the
// container, or by it. It goes with the container.
func (c *Container) isOwn(dir *os.File) (bool, error) {
	var fs unix.Statfs_t
	var st unix.Stat_t
	err := unix.Fstatfs(int(dir.Fd()), &fs)
	if err == nil {
		err = unix.Fstat(int(dir.Fd()), &st)
	}
	runtime.KeepAlive(dir)
	return err == nil && fs.Type == unix.TMPFS_MAGIC && !c.mounted[deviceOf(st.Dev)], err
}

func deviceOf(dev uint64) string {
	return strconv.FormatUint(uint64(unix.Major(dev)), 10) + ":" + strconv.FormatUint(uint64(unix.Minor(dev)), 10)
}

// hostMounts returns the devices of the file systems that the host has mounted (proc_pid_mountinfo(5)).
func hostMounts() (map[string]bool, error) {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	mounted := map[string]bool{}
	for line := range strings.Lines(string(table)) {
		if fields := strings.Fields(line); len(fields) > 2 {
			mounted[fields[2]] = true
		}
	}
	return mounted, nil
}
