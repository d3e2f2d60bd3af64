//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// shared puts elements into <lxc:namespace>.
func shared(elements string) string {
	return "<namespace xmlns='http://libvirt.org/schemas/domain/lxc/1.0'>" + elements + "</namespace>"
}

// sameNamespaces checks which namespaces two processes have in common.
func sameNamespaces(t *testing.T, a, b int, want string) {
	t.Helper()
	var got []string
	for _, kind := range []string{"ipc", "mnt", "net", "pid", "user", "uts"} {
		if readlink(t, proc(a, "ns/"+kind)) == readlink(t, proc(b, "ns/"+kind)) {
			got = append(got, kind)
		}
	}
	if s := strings.Join(got, " "); s != want {
		t.Errorf("common are %q, want %q", s, want)
	}
}

// TestShareWithContainer: by the other's name, each kind alone and all together, with a user
// namespace of one's own and without; the other's end hurts nobody.
func TestShareWithContainer(t *testing.T) {
	clean(t)
	for name, c := range map[string]struct{ more, common string }{
		"net":                   {shared("<sharenet type='name' value='db'/>"), "net user"},
		"ipc":                   {shared("<shareipc type='name' value='db'/>"), "ipc user"},
		"uts":                   {shared("<shareuts type='name' value='db'/>"), "user uts"},
		"all":                   {shared("<sharenet type='name' value='db'/><shareipc type='name' value='db'/><shareuts type='name' value='db'/>"), "ipc net user uts"},
		"net, beside a privnet": {"<features><privnet/></features>" + shared("<sharenet type='name' value='db'/>"), "net user"},
		"net, mapped":           {idmap + shared("<sharenet type='name' value='db'/>"), "net"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			db := sleeper(t, "db")
			db.More = "<features><privnet/></features>"
			db.start(t)
			web := script(t, "web", `echo "sys=$(ls /sys/class/net | tr '\n' .) host=$(hostname)"; exec sleep 1000`)
			web.More = c.more
			web.start(t)
			sameNamespaces(t, int(info(t, "db").Leader), int(info(t, "web").Leader), c.common)
			host := "host=web"
			if strings.Contains(c.common, "uts") {
				host = "host=db"
			}
			said := says(t, "web", host)
			// With a map /sys is the host's: to make one takes rights over the network namespace's owner.
			if strings.Contains(c.common, "net user") && !strings.Contains(said, "sys=lo. ") {
				t.Errorf("/sys shows another's network:\n%s", said)
			}
			if got := run(t, "nsenter", "-t", pidOf(info(t, "db").Leader), "-u", "hostname"); got != "db" {
				t.Errorf("the other is called %q now", got)
			}
			// Its supervisor is where it was.
			sameNamespaces(t, os.Getpid(), int(info(t, "web").ID), "ipc mnt net pid user uts")
			run(t, "berthctl", "destroy", "db")
			killDaemon(t)
			if i := info(t, "web"); i.State != "running" {
				t.Errorf("after the other's end it is %s", i.State)
			}
		})
	}
}

// TestShareWithPaused: what is frozen has its namespaces still, also for a daemon that came later.
func TestShareWithPaused(t *testing.T) {
	clean(t)
	db := sleeper(t, "db")
	db.More = "<features><privnet/></features>"
	db.start(t)
	run(t, "berthctl", "suspend", "db")
	for _, name := range []string{"web", "later"} {
		g := sleeper(t, name)
		g.More = shared("<sharenet type='name' value='db'/><shareuts type='name' value='db'/>")
		g.start(t)
		sameNamespaces(t, int(info(t, "db").Leader), int(info(t, name).Leader), "net user uts")
		killDaemon(t)
	}
	if i := info(t, "db"); i.State != "paused" {
		t.Errorf("it is %s", i.State)
	}
}

// TestShareWithStopping: an init that was told to end, and takes its time, is nobody to share with.
func TestShareWithStopping(t *testing.T) {
	clean(t)
	db := script(t, "db", "trap 'echo asked' TERM; echo ready; while :; do sleep 0.05; done")
	db.start(t)
	says(t, "db", "ready")
	run(t, "machinectl", "terminate", "db")
	says(t, "db", "asked")
	becomes(t, "db", "stopping/booted")
	g := sleeper(t, "web")
	g.More = shared("<sharenet type='name' value='db'/>")
	if r := try(t, "berthctl", "create", g.file(t)); r.Status != 1 || !strings.Contains(r.Err, "lxc:sharenet: domain 'db' is not running") {
		t.Errorf("%+v", r)
	}
	run(t, "berthctl", "destroy", "db")
}

// TestShareWithProcess: by a pid of the host, and by a name of ip-netns(8).
func TestShareWithProcess(t *testing.T) {
	clean(t)
	run(t, "ip", "netns", "add", "red")
	t.Cleanup(func() {
		run(t, "ip", "netns", "delete", "red")
		run(t, "umount", "/run/netns") // which ip-netns(8) mounts on itself
	})
	t.Run("netns", func(t *testing.T) {
		clean(t)
		g := sleeper(t, "web")
		g.More = shared("<sharenet type='netns' value='red'/>")
		g.start(t)
		in, err := os.Stat("/run/netns/red")
		if err != nil {
			t.Fatal(err)
		}
		if own, err := os.Stat(proc(int(info(t, "web").Leader), "ns/net")); err != nil || !os.SameFile(in, own) {
			t.Errorf("it is not in red: %v", err)
		}
	})
	t.Run("pid", func(t *testing.T) {
		clean(t)
		g := sleeper(t, "web")
		g.More = "<features><privnet/></features>" + shared("<sharenet type='pid' value='"+strconv.Itoa(os.Getpid())+"'/><shareuts type='pid' value='1'/>")
		before := run(t, "hostname")
		g.start(t)
		sameNamespaces(t, os.Getpid(), int(info(t, "web").Leader), "net user uts")
		if after := run(t, "hostname"); after != before {
			t.Errorf("the host was called %q, and now is %q", before, after)
		}
	})
}

// wrongProcesses gives a process of the host that has ended and is not reaped, and a thread that is none.
func wrongProcesses(t *testing.T) (zombie, thread int) {
	t.Helper()
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	settled(t, func() error {
		text, err := os.ReadFile(proc(cmd.Process.Pid, "status"))
		if err == nil && !strings.Contains(string(text), "(zombie)") {
			err = errors.New("it has not ended")
		}
		return err
	})
	list, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if id, err := strconv.Atoi(e.Name()); err == nil && id != os.Getpid() {
			thread = id // Go's first other thread lives as long as the process: sysmon
			break
		}
	}
	return cmd.Process.Pid, thread
}

// TestNothingToShare: each error names its element, and nothing is left.
func TestNothingToShare(t *testing.T) {
	clean(t)
	sleeper(t, "off").define(t)
	file := filepath.Join("/run/netns", "file")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(file) })
	zombie, thread := wrongProcesses(t)
	byPID := func(pid int) string { return "<sharenet type='pid' value='" + strconv.Itoa(pid) + "'/>" }
	for name, c := range map[string]struct{ element, want string }{
		"zombie":                {byPID(zombie), fmt.Sprintf("lxc:sharenet: process %d has ended", zombie)},
		"thread":                {byPID(thread), fmt.Sprintf("lxc:sharenet: %d is a thread of process %d, not a process", thread, os.Getpid())},
		"unknown container":     {"<sharenet type='name' value='nosuch'/>", "lxc:sharenet: no such container with name 'nosuch'"},
		"container that is off": {"<shareipc type='name' value='off'/>", "lxc:shareipc: domain 'off' is not running"},
		"itself":                {"<shareuts type='name' value='web'/>", "lxc:shareuts: domain 'web' is not running"},
		"dead pid":              {"<sharenet type='pid' value='2147483647'/>", "lxc:sharenet: there is no process 2147483647"},
		"unknown netns":         {"<sharenet type='netns' value='blue'/>", "lxc:sharenet: there is no network namespace 'blue'"},
		"netns that is a file":  {"<sharenet type='netns' value='file'/>", "lxc:sharenet: /run/netns/file is no network namespace"},
		"netns of a path":       {"<sharenet type='netns' value='../x'/>", "lxc:sharenet@value"},
	} {
		t.Run(name, func(t *testing.T) {
			g := sleeper(t, "web")
			g.More = shared(c.element)
			if r := try(t, "berthctl", "create", g.file(t)); r.Status != 1 || !strings.Contains(r.Err, c.want) {
				t.Errorf("%+v, want %q", r, c.want)
			}
			if r := try(t, "berthctl", "domstate", "web"); r.Status == 0 {
				t.Errorf("it is there: %+v", r)
			}
		})
	}
}
