//go:build nest

package nest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	stranger "github.com/berthd/berth/test/bus"
)

const hostBus = "unix:path=/run/dbus/system_bus_socket"

// variants is the body of an array of so many variants of a byte.
func variants(n int) string {
	return string(binary.LittleEndian.AppendUint32(nil, uint32(4*n))) + strings.Repeat("\x01y\x00v", n)
}

// onThreadOf does something on a thread that is a user's, and ends with it. The bus knows who connects by the thread
// that does.
func onThreadOf(t *testing.T, id uintptr, do func() error) {
	t.Helper()
	err := errors.New("not done")
	done := make(chan struct{})
	var begin func()
	begin = func() {
		runtime.LockOSThread()
		if syscall.Gettid() == os.Getpid() { // which never ends, and would be the user's for ever
			defer runtime.UnlockOSThread()
			go begin()
			<-done
			return
		}
		defer close(done)
		for _, call := range []uintptr{syscall.SYS_SETRESGID, syscall.SYS_SETRESUID} {
			if _, _, errno := syscall.RawSyscall(call, id, id, id); errno != 0 {
				err = errno
				return
			}
		}
		err = do()
	}
	go begin()
	<-done
	if err != nil {
		t.Fatalf("as user %d: %v", id, err)
	}
}

// asNobody connects to the host's bus as user nobody.
func asNobody(t *testing.T) (c *stranger.Raw) {
	t.Helper()
	onThreadOf(t, 65534, func() error {
		c = stranger.DialRaw(t, hostBus)
		return nil
	})
	return c
}

// connectionsOf gives the unique names of a process on the host's bus.
func connectionsOf(t *testing.T, pid int) []string {
	t.Helper()
	var names, found []string
	bus := systemBus(t).BusObject()
	if err := bus.Call("org.freedesktop.DBus.ListNames", 0).Store(&names); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		var of uint32
		err := bus.Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, name).Store(&of)
		if err == nil && strings.HasPrefix(name, ":") && int(of) == pid {
			found = append(found, name)
		}
	}
	return found
}

// resident is how much memory a process holds, in KiB.
func resident(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	if found == nil {
		t.Fatalf("no VmRSS in %q", status)
	}
	n, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSignalsToTheDaemon: whatever somebody whom the bus lets signals to either connection of berthd, it stays, serves,
// and holds neither descriptors nor memory of it.
func TestSignalsToTheDaemon(t *testing.T) {
	clean(t)
	run(t, "berthctl", "list")
	pid := daemon(t)
	names := connectionsOf(t, pid)
	if len(names) != 2 {
		t.Fatalf("berthd is on the bus as %q", names)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	fds := make([]int, 16)
	for i := range fds {
		fds[i] = int(null.Fd())
	}
	c := stranger.DialRaw(t, hostBus) // as root
	for _, s := range []struct {
		name      string
		times     int
		signature string
		body      string
		fds       []int
	}{
		{"nothing", 10000, "", "", nil},
		{"a signature for a key", 10000, "a{gs}", "\x0a\x00\x00\x00\x00\x00\x00\x00\x01y\x00\x00\x01\x00\x00\x00v\x00", nil},
		{"descriptors", 1000, "s", "\x01\x00\x00\x00x\x00", fds},
		{"an array of descriptors", 10000, "ah", "\x04\x00\x00\x00\x00\x00\x00\x00", fds[:1]},
		{"an array of none", 10000, "ah", "\x04\x00\x00\x00\x00\x00\x00\x00", nil},
		{"a descriptor in a variant", 10000, "v", "\x01h\x00\x00\x00\x00\x00\x00", fds[:1]},
		{"2 MiB", 50, "av", variants(1 << 19), nil},
		{"32 MiB", 4, "av", variants(8<<20 - 64), nil},
		{"nesting", 10000, "v", strings.Repeat("\x01v\x00", 60) + "\x01y\x00x", nil},
	} {
		t.Run(s.name, func(t *testing.T) {
			open, held := len(descriptors(t, pid)), resident(t, pid)
			for range s.times {
				for _, name := range names {
					c.Signal(t, name, "a.b.C", s.signature, []byte(s.body), s.fds...)
				}
			}
			c.Flush(t)
			run(t, "berthctl", "list")
			if now := daemon(t); now != pid {
				t.Fatalf("berthd was %d, and is %d", pid, now)
			}
			eventually(t, func() error {
				if now := len(descriptors(t, pid)); now > open {
					return fmt.Errorf("berthd had %d descriptors, and has %d", open, now)
				}
				if now := resident(t, pid); now > held+8<<10 {
					return fmt.Errorf("berthd held %d KiB, and holds %d", held, now)
				}
				return nil
			})
		})
	}
}

// TestStrangerFillsTheQueue: the bus keeps another user's signals from both connections of berthd, so that they
// fill no queue, in which the answers of systemd would then find no room.
func TestStrangerFillsTheQueue(t *testing.T) {
	clean(t)
	sleeper(t, "web").define(t)
	pid := daemon(t)
	c := asNobody(t)
	names := connectionsOf(t, pid)
	for _, name := range names {
		if !c.Refused(t, name) {
			t.Errorf("the bus takes a signal to %s", name)
		}
	}
	stopProcess(t, pid)
	// By itself: a bus whose queue is full takes nothing more from us.
	resumed := make(chan error, 1)
	time.AfterFunc(2*time.Second, func() { resumed <- syscall.Kill(pid, syscall.SIGCONT) })
	started := make(chan result, 1)
	go func() { started <- try(t, "timeout", "60", "berthctl", "start", "web") }()
	big := []byte(variants(8<<20 - 64))
	for range 5 { // the bus has room for 127 MiB
		for _, name := range names {
			c.Signal(t, name, "a.b.C", "av", big)
		}
	}
	c.Flush(t)
	if err := <-resumed; err != nil {
		t.Error(err)
	}
	if r := <-started; r.Status != 0 {
		t.Errorf("start: %+v", r)
	}
	run(t, "berthctl", "destroy", "web")
}

// TestStrangerSignalsToEverybody: while another user of the host signals to every connection that comes, root's calls
// are answered.
func TestStrangerSignalsToEverybody(t *testing.T) {
	clean(t)
	run(t, "berthctl", "list")
	c := asNobody(t)
	stop, stopped := make(chan struct{}), make(chan struct{})
	var sent atomic.Int64
	go func() {
		defer close(stopped)
		for {
			probe := asNobody(t)
			probe.Close()
			last, err := strconv.Atoi(strings.TrimPrefix(probe.Name, ":1."))
			if err != nil {
				t.Errorf("the name %q", probe.Name)
				return
			}
			for n := max(0, last-8); n < last+8; n++ {
				c.Signal(t, ":1."+strconv.Itoa(n), "a.b.C", "a{gs}", []byte("\x0a\x00\x00\x00\x00\x00\x00\x00\x01y\x00\x00\x01\x00\x00\x00v\x00"))
				sent.Add(1)
			}
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	for n := 0; !t.Failed() && (n < 100 || sent.Load() < 1000); n++ { // a siege of less is none
		if r := try(t, "berthctl", "list"); r.Status != 0 {
			t.Errorf("%+v", r)
		}
	}
	close(stop)
	<-stopped
}

// TestStrangerListens: what berthd signals root hears, and another user of the host does not.
func TestStrangerListens(t *testing.T) {
	clean(t)
	other, root := asNobody(t), stranger.DialRaw(t, hostBus)
	for _, rule := range []string{"type='signal'", "sender='org.berth1'", "path_namespace='/org/berth1'"} {
		other.Listen(t, rule)
	}
	root.Listen(t, "sender='org.berth1'")
	sleeper(t, "web").define(t)
	run(t, "berthctl", "start", "web")
	run(t, "berthctl", "destroy", "web")
	run(t, "systemctl", "stop", "berthd.service")
	run(t, "berthctl", "list")
	heard := func(c *stranger.Raw) (all, ours int) {
		c.Flush(t)
		for _, m := range c.Heard {
			path, _ := m.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
			if all++; strings.HasPrefix(string(path), "/org/berth1") {
				ours++
			}
		}
		return all, ours
	}
	if all, ours := heard(other); all < 10 || ours > 0 {
		t.Errorf("nobody heard %d messages, %d of them of berthd", all, ours)
	}
	if _, ours := heard(root); ours < 6 {
		t.Errorf("root heard %d signals", ours)
	}
}
