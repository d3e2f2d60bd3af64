//go:build nest

package nest

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/godbus/dbus/v5"
)

// unit is one row of systemd's ListUnits.
type unit struct {
	Name, Description, Load, Active, Sub, Following string
	Path                                            dbus.ObjectPath
	JobID                                           uint32
	JobType                                         string
	JobPath                                         dbus.ObjectPath
}

// units lists the units that systemd has loaded and that match a pattern.
func units(t testing.TB, pattern string) []unit {
	t.Helper()
	var list []unit
	systemd := systemBus(t).Object("org.freedesktop.systemd1", "/org/freedesktop/systemd1")
	err := systemd.Call("org.freedesktop.systemd1.Manager.ListUnitsByPatterns", 0, []string{}, []string{pattern}).Store(&list)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// machine is one row of machined's ListMachines.
type machine struct {
	Name, Class, Service string
	Path                 dbus.ObjectPath
}

// machines lists what machined knows, less the host itself.
func machines(t testing.TB) []machine {
	t.Helper()
	var list []machine
	machined := systemBus(t).Object("org.freedesktop.machine1", "/org/freedesktop/machine1")
	if err := machined.Call("org.freedesktop.machine1.Manager.ListMachines", 0).Store(&list); err != nil {
		t.Fatal(err)
	}
	var guests []machine
	for _, m := range list {
		if m.Class != "host" {
			guests = append(guests, m)
		}
	}
	return guests
}

// cgroups lists the control groups below one, by their path in the tree.
func cgroups(t testing.TB, below string) []string {
	t.Helper()
	const mount = "/sys/fs/cgroup"
	var groups []string
	err := filepath.WalkDir(filepath.Join(mount, below), func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // it ended while we looked
			return nil
		}
		if err == nil && entry.IsDir() {
			groups = append(groups, strings.TrimPrefix(path, mount))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return groups
}

// members lists the processes of a control group itself.
func members(t testing.TB, group string) []int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/sys/fs/cgroup", group, "cgroup.procs"))
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for field := range strings.FieldsSeq(string(text)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}

// mounts lists the mount points that a process sees; proc_pid_mountinfo(5). Pid 0 is the test itself.
func mounts(t testing.TB, pid int) []string {
	t.Helper()
	file, err := os.Open(proc(pid, "mountinfo"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var points []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		points = append(points, strings.Fields(lines.Text())[4])
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return points
}

// processes gives the program of every process, by pid; "" for one that just ends.
func processes(t testing.TB) map[int]string {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]string{}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		name, err := os.ReadFile(proc(pid, "comm"))
		if err != nil {
			continue
		}
		if !isSpare(pid) {
			found[pid] = strings.TrimSpace(string(name))
		}
	}
	return found
}

// daemon is the pid of berthd, 0 when none runs; it starts none.
func daemon(t testing.TB) int {
	t.Helper()
	pid, err := strconv.Atoi(run(t, "systemctl", "show", "--property=MainPID", "--value", "berthd.service"))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// descriptors says what each open file of a process is, less its own numbers, and less what berthd opens for good at
// its first start: the bare mount namespace, the watches of the units' files, of their drop-ins and of memory, the
// spare.
func descriptors(t testing.TB, pid int) []string {
	t.Helper()
	kept := map[string]int{"mnt": 1, "anon_inode:inotify": 3}
	for _, other := range pids() {
		if isSpare(other) && parent(other) == pid {
			kept["socket"]++
		}
	}
	dir := proc(pid, "fd")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var open []string
	for _, entry := range entries {
		target, err := os.Readlink(filepath.Join(dir, entry.Name()))
		if err != nil {
			continue
		}
		kind, _, _ := strings.Cut(target, ":[")
		if kept[kind]--; kept[kind] < 0 {
			open = append(open, kind)
		}
	}
	return open
}

// isSpare reports whether a process is the supervisor that waits for the next container.
func isSpare(pid int) bool {
	args := cmdline(pid)
	return len(args) == 2 && args[0] == "berth-supervisor" && strings.HasPrefix(args[1], "(spare)")
}

// sparesReady waits until berthd has made the supervisors that wait for the next containers, which it does after a
// start.
func sparesReady(t testing.TB) {
	t.Helper()
	of := daemon(t)
	eventually(t, func() error {
		n := 0
		for _, pid := range pids() {
			if isSpare(pid) && parent(pid) == of {
				n++
			}
		}
		if n != 2 {
			return fmt.Errorf("there are %d spare supervisors", n)
		}
		return nil
	})
}

// unmount takes a mount away. systemd looks at each new one, and so may have it open for a moment.
func unmount(t testing.TB, target string) {
	t.Helper()
	eventually(t, func() error {
		err := syscall.Unmount(target, 0)
		if err != nil && !errors.Is(err, syscall.EBUSY) {
			t.Fatalf("unmount %s: %v", target, err)
		}
		return err
	})
}

// stopProcess stops a process, and waits until each of its threads stands: they do other work until they run next.
func stopProcess(t testing.TB, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		stats, err := filepath.Glob(proc(pid, "task/*/stat"))
		if err != nil || len(stats) == 0 {
			t.Fatalf("process %d: %v", pid, err)
		}
		for _, name := range stats {
			text, err := os.ReadFile(name)
			if _, state, _ := strings.Cut(string(text), ") "); err == nil && !strings.HasPrefix(state, "T ") {
				return fmt.Errorf("%s is %s", name, state)
			}
		}
		return nil
	})
}

// proc is the path of a process's file; pid 0 is the test itself.
func proc(pid int, file string) string {
	if pid == 0 {
		return filepath.Join("/proc/self", file)
	}
	return filepath.Join("/proc", strconv.Itoa(pid), file)
}
