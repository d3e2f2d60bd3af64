package cgroup

import (
	"errors"
	"os"
	"strconv"
	"strings"
)

// ErrNoHierarchy is returned if the host has no cgroup v2 mount.
var ErrNoHierarchy = errors.New("no cgroup2 file system is mounted")

// MountPoint returns the mount point of the host's cgroup v2 hierarchy: /sys/fs/cgroup, or
// /sys/fs/cgroup/unified. It returns ErrNoHierarchy if there is none.
func MountPoint() (string, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	return mountPoint(string(text))
}

// mountPoint reads the text of mountinfo: field 5 is the mount point, and the type follows " - "
// (proc_pid_mountinfo(5)).
func mountPoint(mountinfo string) (string, error) {
	for line := range strings.Lines(mountinfo) {
		before, after, ok := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if ok && len(fields) >= 5 && strings.HasPrefix(after, "cgroup2 ") {
			return fields[4], nil
		}
	}
	return "", ErrNoHierarchy
}

// Of returns a process's group as a path below the hierarchy's root. It returns ErrNoHierarchy if the
// host has no cgroup v2.
func Of(pid uint32) (string, error) {
	text, err := os.ReadFile("/proc/" + strconv.FormatUint(uint64(pid), 10) + "/cgroup")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if group, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			return group, nil
		}
	}
	return "", ErrNoHierarchy
}
