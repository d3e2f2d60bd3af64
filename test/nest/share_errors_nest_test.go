//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestShareWithStopping: an init that was told to end, and takes its time, is nobody to share with.
func TestShareWithStopping(t *testing.T) {
	clean(t)
	db := script(t, "db", "trap 'echo asked' TERM; echo ready; while :; do sleep 0.05; done")
	db.More = extension("<shutdown timeout='60'/>") // so long is what follows true
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

// wrongProcesses gives a process of the host that has ended and is not reaped, and a thread that is
// no process, until the test's end.
func wrongProcesses(t *testing.T) (zombie, thread int) {
	t.Helper()
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() })
	eventually(t, func() error {
		text, err := os.ReadFile(proc(cmd.Process.Pid, "status"))
		if err == nil && !strings.Contains(string(text), "(zombie)") {
			err = errors.New("it has not ended")
		}
		return err
	})
	told, over := make(chan int), make(chan struct{})
	t.Cleanup(func() { close(over) })
	for range 2 { // at most one of them is the main thread
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			told <- syscall.Gettid()
			<-over
		}()
	}
	for range 2 {
		if id := <-told; id != os.Getpid() {
			thread = id
		}
	}
	return cmd.Process.Pid, thread
}

// TestNothingToShare: a namespace that cannot be shared is refused by its element, and the
// container is not there.
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
		"netns that is a file":  {"<sharenet type='netns' value='file'/>", "lxc:sharenet: /run/netns/file is not a network namespace"},
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
