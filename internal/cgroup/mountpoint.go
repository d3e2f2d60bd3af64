package cgroup

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
)

// ErrNoHierarchy is returned if the host has no cgroup v2 mount.
var ErrNoHierarchy = errors.New("no cgroup2 file system is mounted")

// MountPoint returns the mount point of the host's cgroup v2 hierarchy: /sys/fs/cgroup, or
// /sys/fs/cgroup/unified. It returns ErrNoHierarchy if there is none.
func MountPoint() (string, error) {
	at, _, err := Mounted()
	return at, err
}

// Mounted returns the mount point of the host's cgroup v2 hierarchy, and the options of the file system itself. It
// returns ErrNoHierarchy if there is none.
func Mounted() (at string, options []string, err error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", nil, err
	}
	return mountOf(string(text))
}

// mountOf reads the text of mountinfo: field 5 is the mount point. The type, the source and the options of the file
// system follow " - " (proc_pid_mountinfo(5)).
func mountOf(mountinfo string) (at string, options []string, err error) {
	for line := range strings.Lines(mountinfo) {
		before, after, ok := strings.Cut(line, " - ")
		mount, own := strings.Fields(before), strings.Fields(after)
		if ok && len(mount) >= 5 && len(own) >= 3 && own[0] == "cgroup2" {
			return mount[4], ownOptions(own[2]), nil
		}
	}
	return "", nil, ErrNoHierarchy
}

// ownOptions returns the options of cgroup2 itself in the last field of mountinfo. All are flags. The others there, ro,
// rw and those of security modules, stay as they are without being named.
func ownOptions(list string) []string {
	var own []string
	for option := range strings.SplitSeq(list, ",") {
		if !slices.Contains([]string{"", "ro", "rw", "seclabel"}, option) && !strings.Contains(option, "=") {
			own = append(own, option)
		}
	}
	return own
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
