package guest

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// FileSystem is one that holds files of a container. Name is its source as the kernel shows it, for a device without
// the directory.
type FileSystem struct{ MountPoint, Name, Type string }

// shown are file systems in which the kernel, or a program in its place, shows itself.
func shown(kind string) bool {
	switch kind {
	case "proc", "sysfs", "cgroup", "cgroup2", "devpts", "devtmpfs", "tmpfs", "ramfs", "mqueue", "hugetlbfs", "securityfs", "selinuxfs", "debugfs",
		"tracefs", "configfs", "pstore", "bpf", "binfmt_misc", "efivarfs", "fusectl", "autofs", "nsfs", "rpc_pipefs", "resctrl":
		return true
	}
	return false
}

// ParseMounts reads mountinfo (proc_pid_mountinfo(5)). It leaves out the file systems of the kernel, those in memory,
// what is mounted in /proc, /sys and /dev, and what a later mount hides.
func ParseMounts(text string) ([]FileSystem, error) {
	var list []FileSystem
	at := map[string]int{}
	for line := range strings.Lines(text) {
		left, right, is := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
		before, after := strings.Fields(left), strings.Fields(right)
		if !is || len(before) < 6 || len(after) < 2 {
			return nil, fmt.Errorf("mountinfo: %.60q", line)
		}
		fs := FileSystem{MountPoint: unescape(before[4]), Name: unescape(after[1]), Type: after[0]}
		if strings.HasPrefix(fs.Name, "/") {
			fs.Name = path.Base(fs.Name)
		}
		n, hides := at[fs.MountPoint]
		switch keep := !shown(fs.Type) && !ofKernel(fs.MountPoint); {
		case hides && keep:
			list[n] = fs
		case hides:
			list[n].MountPoint = ""
			delete(at, fs.MountPoint)
		case keep:
			at[fs.MountPoint] = len(list)
			list = append(list, fs)
		}
	}
	kept := list[:0]
	for _, fs := range list {
		if fs.MountPoint != "" {
			kept = append(kept, fs)
		}
	}
	return kept, nil
}

func ofKernel(p string) bool {
	for _, dir := range []string{"/proc", "/sys", "/dev"} {
		if p == dir || strings.HasPrefix(p, dir+"/") {
			return true
		}
	}
	return false
}

// unescape reads the octal numbers that stand for blanks, newlines and backslashes.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				out.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}
