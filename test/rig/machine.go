package rig

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// observe lists the things that a run could leave on the machine, one line each, sorted. The script untouched
// hides the things of others. It looks for links, loop devices and processes itself.
func observe() ([]string, error) {
	var seen []string
	for kind, pattern := range map[string]string{
		"netns":  "/run/netns/*",
		"file":   "/run/berth",
		"config": "/etc/berth",
		"unit":   "/run/systemd/transient/machine-*",
	} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			seen = append(seen, kind+" "+path)
		}
	}
	mounts, err := mountinfo()
	if err != nil {
		return nil, err
	}
	for _, m := range mounts {
		seen = append(seen, "mount "+m.point)
		if m.kind == "cgroup2" {
			groups, err := filepath.Glob(m.point + "/berth-nest-*")
			if err != nil {
				return nil, err
			}
			for _, group := range groups {
				seen = append(seen, "cgroup "+group)
			}
		}
	}
	slices.Sort(seen)
	return slices.Compact(seen), nil
}

// leftovers returns the lines that are new in after, and dir if it exists. Other nests of this run may come and
// go meanwhile, so control groups count only if they belong to one of nests.
func leftovers(before, after []string, dir string, nests ...string) []string {
	var left []string
	for _, line := range after {
		if _, known := slices.BinarySearch(before, line); known {
			continue
		}
		if group, ok := strings.CutPrefix(line, "cgroup "); ok && !slices.Contains(nests, nestOf(group)) {
			continue
		}
		left = append(left, line)
	}
	if exists(dir) {
		left = append(left, "state "+dir)
	}
	return left
}

// nestOf returns the name of a control group's nest.
func nestOf(group string) string {
	name := strings.TrimPrefix(filepath.Base(group), "berth-nest-")
	return strings.TrimSuffix(name, filepath.Ext(name))
}

type mountPoint struct{ device, point, kind string }

// mountinfo reads this process's mount table (proc_pid_mountinfo(5)).
func mountinfo() ([]mountPoint, error) {
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var mounts []mountPoint
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		front, back, ok := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(front)
		if !ok || len(fields) < 5 {
			return nil, fmt.Errorf("mountinfo: %q", lines.Text())
		}
		kind, _, _ := strings.Cut(back, " ")
		mounts = append(mounts, mountPoint{device: fields[2], point: fields[4], kind: kind})
	}
	return mounts, lines.Err()
}
