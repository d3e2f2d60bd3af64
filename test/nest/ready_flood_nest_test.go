//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// flood sends datagrams to NOTIFY_SOCKET as fast as it can, for ever: other words each time, longer ones than are read,
// and many descriptors.
func flood() error {
	addr := &unix.SockaddrUnix{Name: os.Getenv("NOTIFY_SOCKET")}
	var files []int
	for range 250 {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		files = append(files, fd)
	}
	for n := range 4 {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
		if err != nil {
			return err
		}
		go func() {
			for i := 0; ; i++ {
				text := fmt.Sprintf("STATUS=%d of %d %s", i, n, strings.Repeat("x", []int{900, 4000, 100000, 900}[n]))
				var rights []byte
				if n == 3 {
					text, rights = "FDSTORE=1\n"+text, unix.UnixRights(files...)
				}
				_ = unix.Sendmsg(fd, []byte(text), rights, addr, 0)
			}
		}()
	}
	select {}
}

// costs is the processor time that a process has used, and its memory in KiB and descriptors.
func costs(t *testing.T, pid int) (processor time.Duration, memory, files int) {
	t.Helper()
	stat, err := os.ReadFile(proc(pid, "stat"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	for _, i := range []int{11, 12} { // utime, stime
		ticks, err := strconv.Atoi(strings.Fields(rest)[i])
		if err != nil {
			t.Fatal(err)
		}
		processor += time.Duration(ticks) * 10 * time.Millisecond
	}
	entries, err := os.ReadDir(proc(pid, "fd"))
	if err != nil {
		t.Fatal(err)
	}
	return processor, resident(t, pid), len(entries)
}

// TestReadyFlood: a container that floods the socket for what init says of itself costs berthd and its supervisor
// little processor time, no memory and no descriptors. Others are started and asked as ever.
func TestReadyFlood(t *testing.T) {
	clean(t)
	g := script(t, "flood", "exec /serve flood")
	g.More = extension("<notify/>")
	serve(t, g.Root)
	g.start(t)
	other := script(t, "other", "/serve say READY=1; exec sleep 100000")
	other.More = extension("<notify/>")
	serve(t, other.Root)
	other.define(t)
	eventually(t, func() error {
		if got := info(t, g.Name).Status; got == "" {
			return errors.New("it says nothing yet")
		}
		return nil
	})
	const length = 5 * time.Second
	pids := map[string]int{"berthd": mainPID(t, "berthd"), "the supervisor": parent(int(info(t, g.Name).Leader))}
	type figures struct {
		processor     time.Duration
		memory, files int
	}
	before := map[string]figures{}
	for name, pid := range pids {
		p, m, f := costs(t, pid)
		before[name] = figures{p, m, f}
	}
	begun := time.Now()
	for time.Since(begun) < length {
		run(t, "berthctl", "start", "--ready", other.Name)
		run(t, "berthctl", "destroy", other.Name)
	}
	for name, pid := range pids {
		p, m, f := costs(t, pid)
		took := time.Since(begun)
		t.Logf("%s: %v of %v, %d KiB, %d before, %d descriptors, %d before", name, p-before[name].processor, took, m, before[name].memory, f, before[name].files)
		if p-before[name].processor > took/4 && name != "berthd" || p-before[name].processor > took/2 {
			t.Errorf("%s has used %v in %v", name, p-before[name].processor, took)
		}
		eventually(t, func() error { // a call or the next spare supervisor has some for a moment
			if _, m, f = costs(t, pid); m > before[name].memory+8<<10 || f > before[name].files+5 {
				return fmt.Errorf("%s has %d KiB and %d descriptors, %d and %d before", name, m, f, before[name].memory, before[name].files)
			}
			return nil
		})
	}
}

// TestReadyFloodStopped: while berthd reads nothing, a supervisor whose container floods that socket still sees the end
// of init. A berthd that goes on shows the latest words.
func TestReadyFloodStopped(t *testing.T) {
	clean(t)
	t.Run("init ends", func(t *testing.T) {
		g, init, goOn := floodUnread(t)
		supervisor := parent(init)
		if err := syscall.Kill(init, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() error {
			if exists(proc(supervisor, "exe")) {
				return errors.New("the supervisor does not end")
			}
			return nil
		})
		goOn()
		becomes(t, g.Name, "shutoff/failed")
	})
	t.Run("flood ends", func(t *testing.T) {
		g, _, goOn := floodUnread(t)
		if err := os.WriteFile(filepath.Join(g.Root, "quiet"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		goOn()
		says(t, g.Name, "said=0")
		eventually(t, func() error { return is(info(t, g.Name).Status, "last") })
	})
}

// floodUnread starts a container that floods its socket until it has a file /quiet, and stops berthd for so long that
// what lies between is full. It returns init's pid.
func floodUnread(t *testing.T) (g guest, init int, goOn func()) {
	t.Helper()
	clean(t)
	g = script(t, "flood", "/serve flood & while [ ! -e /quiet ]; do sleep 0.1; done; kill -9 $!; /serve say STATUS=last; echo said=$?; exec sleep 100000")
	g.More = extension("<notify/>")
	serve(t, g.Root)
	g.start(t)
	daemon := mainPID(t, "berthd")
	init = int(info(t, g.Name).Leader)
	goOn = func() { _ = syscall.Kill(daemon, syscall.SIGCONT) }
	t.Cleanup(goOn)
	stopProcess(t, daemon)
	time.Sleep(5 * time.Second)
	return g, init, goOn
}
