//go:build nest

package nest

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Every process is looked for when it is needed: the storm keeps no list that could be old. None of these
// asks the bus, which may be stopped.

// pids gives every process of the host.
func pids() []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var all []int
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil {
			all = append(all, pid)
		}
	}
	return all
}

// parent is a process's parent, 0 when it is gone.
func parent(pid int) int {
	text, err := os.ReadFile(proc(pid, "stat"))
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))[1])
	if err != nil {
		return 0
	}
	return n
}

// daemonOf finds a service of systemd's by its program.
func daemonOf(program string) func(string) int {
	return func(string) int {
		for _, pid := range pids() {
			// A child that berthd has forked has the same name until it is the supervisor.
			if args := cmdline(pid); len(args) > 0 && path.Base(args[0]) == program && parent(pid) == 1 {
				return pid
			}
		}
		return 0
	}
}

// supervisorOf finds a container's supervisor, wherever it is.
func supervisorOf(container string) int {
	for _, pid := range pids() {
		if args := cmdline(pid); len(args) == 1 && args[0] == "berth-supervisor "+container && comm(pid) != "berth-init" {
			return pid
		}
	}
	return 0
}

// anyStage finds an init stage, of whichever container: they are there for some milliseconds. No witness
// has one.
func anyStage(string) int {
	for _, pid := range pids() {
		if comm(pid) == "berth-init" {
			return pid
		}
	}
	return 0
}

// initOf finds a container's init: the one process whose parent is outside of the payload.
func initOf(container string) int {
	group := filepath.Join("/sys/fs/cgroup/machine.slice", "machine-"+container+".scope")
	supervisor, err := os.ReadFile(filepath.Join(group, "supervisor/cgroup.procs"))
	if err != nil {
		return 0
	}
	payload, err := os.ReadFile(filepath.Join(group, "payload/cgroup.procs"))
	if err != nil {
		return 0
	}
	for field := range strings.FieldsSeq(string(payload)) {
		if pid, err := strconv.Atoi(field); err == nil && fmt.Sprint(parent(pid)) == strings.TrimSpace(string(supervisor)) {
			return pid
		}
	}
	return 0
}
