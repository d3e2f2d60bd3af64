package cgroup

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
)

// InUse returns how many bytes of the group's memory the kernel cannot take back by dropping what it has of files, and
// how many tasks the group has. A figure is 0 if its controller is missing.
func (d *Dir) InUse() (memory, tasks uint64, err error) {
	if memory, err = d.number("memory.current"); err != nil {
		return 0, 0, err
	}
	stat, err := d.Read("memory.stat")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, 0, err
	}
	for line := range strings.Lines(stat) {
		name, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "active_file" || name == "inactive_file" {
			n, _ := strconv.ParseUint(text, 10, 64)
			memory -= min(n, memory)
		}
	}
	tasks, err = d.number("pids.current")
	return memory, tasks, err
}

// number reads a file that has one number. It returns 0 if the file is missing.
func (d *Dir) number(file string) (uint64, error) {
	text, err := d.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(strings.TrimSpace(text), 10, 64)
}
