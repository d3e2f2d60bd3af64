//go:build bus

package dbusapi

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/service"
	"github.com/berthd/berth/test/bus"
)

const execName = contract.ContainerInterface + ".Exec"

// executes calls Exec, and gives the command's object and the descriptors.
func executes(t *testing.T, r *rig, argv []string, options map[string]dbus.Variant) (path dbus.ObjectPath, ends map[string]dbus.Variant) {
	t.Helper()
	if err := r.call(ContainerPath(uuidB), execName, argv, options).Store(&path, &ends); err != nil {
		t.Fatal(err)
	}
	return path, ends
}

func readAll(t *testing.T, fd dbus.UnixFD) string {
	t.Helper()
	f := os.NewFile(uintptr(fd), "end")
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestExec: a command gets all options, its ends come back, and its object is there until its end has been read.
func TestExec(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	signals := r.signals(t)
	path, ends := executes(t, r, []string{"ls", "-l"}, map[string]dbus.Variant{
		"env": dbus.MakeVariant([]string{"A=b"}), "directory": dbus.MakeVariant("/tmp"), "user": dbus.MakeVariant("web"), "group": dbus.MakeVariant("7"),
		"terminal": dbus.MakeVariant(false), "rows": dbus.MakeVariant(uint32(24)), "columns": dbus.MakeVariant(uint32(80)),
	})
	key := service.ProcessKey{Container: uuidB, Run: 41, ID: 1}
	if len(ends) != 3 || path != ProcessPath(key) {
		t.Fatalf("%d ends, %s", len(ends), path)
	}
	for _, name := range []string{"stdin", "stdout", "stderr"} {
		if got, want := readAll(t, ends[name].Value().(dbus.UnixFD)), "ls -l env=A=b dir=/tmp user=web group=7 false 24x80"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	var props map[string]dbus.Variant
	if err := r.call(path, propertiesName+".GetAll", contract.ProcessInterface).Store(&props); err != nil {
		t.Fatal(err)
	}
	if props["State"].Value() != "running" || props["PID"].Value() != uint32(77) || props["Command"].Value() != "ls" || props["Container"].Value() != ContainerPath(uuidB) {
		t.Errorf("%v", props)
	}
	const iface = contract.ProcessInterface + "."
	if err := r.call(path, iface+"Resize", uint32(3), uint32(4), noOptions()).Err; err != nil || r.core.sizeOf(key) != [2]uint32{3, 4} {
		t.Errorf("resize: %v", err)
	}
	fails(t, r.call(path, iface+"Kill", int32(65), noOptions()), contract.ErrorInvalidArgs)
	if err := r.call(path, iface+"Kill", int32(15), noOptions()).Err; err != nil {
		t.Error(err)
	}
	var code int32
	var kind string
	if err := r.call(path, iface+"Wait", noOptions()).Store(&code, &kind); err != nil || code != 15 || kind != "killed" {
		t.Errorf("%d %s, %v", code, kind, err)
	}
	fails(t, r.call(path, iface+"Wait", noOptions()), contract.ErrorUnknownObject)
	signals("InterfacesAdded", "PropertiesChanged", "InterfacesRemoved")
}

// TestExecEnv: what is no NAME=VALUE is refused, and no command begins.
func TestExecEnv(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, v := range []string{"A", "=x", ""} {
		err := r.call(ContainerPath(uuidB), execName, []string{"ls"}, map[string]dbus.Variant{"env": dbus.MakeVariant([]string{"A=", v})})
		fails(t, err, contract.ErrorInvalidArgs)
		if want := fmt.Sprintf("cannot execute a command in domain \"b\": %q is not NAME=VALUE", v); err.Err == nil || err.Err.Error() != want {
			t.Errorf("%q: %v, want %s", v, err.Err, want)
		}
	}
}

// TestExecWaits: with wait-usec the reply of Exec has the end of a command that ends in time, which is then read. A
// command that goes on is there after the reply.
func TestExecWaits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	path, ends := executes(t, r, []string{"sleep"}, map[string]dbus.Variant{"wait-usec": dbus.MakeVariant(uint64(1000))})
	if _, ended := ends["exit"]; ended {
		t.Errorf("it goes on, and %v", ends)
	}
	if err := r.call(path, contract.ProcessInterface+".Kill", int32(9), noOptions()).Err; err != nil {
		t.Error(err)
	}
	path, ends = executes(t, r, []string{"true"}, map[string]dbus.Variant{"wait-usec": dbus.MakeVariant(uint64(10_000_000))})
	if got, want := fmt.Sprint(ends["exit"].Value()), "[0 exited]"; got != want {
		t.Errorf("it ended with %s, want %s", got, want)
	}
	fails(t, r.call(path, contract.ProcessInterface+".Wait", noOptions()), contract.ErrorUnknownObject)
	fails(t, r.call(ContainerPath(uuidB), execName, []string{"ls"}, map[string]dbus.Variant{"wait-usec": dbus.MakeVariant(uint64(10_000_001))}), contract.ErrorInvalidArgs)
}

// TestExecTerminal: with a terminal there is one end, its master.
func TestExecTerminal(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, ends := executes(t, r, []string{"top"}, map[string]dbus.Variant{"terminal": dbus.MakeVariant(true)})
	if len(ends) != 1 || readAll(t, ends["terminal"].Value().(dbus.UnixFD)) != "top env= dir= user= group= true 0x0" {
		t.Errorf("ends %v", ends)
	}
}

// signals listens to the signals of the server. What it returns checks which came, in their order.
func (r *rig) signals(t *testing.T) func(want ...string) {
	t.Helper()
	got := make(chan *dbus.Signal, 99)
	r.client.Signal(got)
	if err := r.client.AddMatchSignal(dbus.WithMatchSender(contract.BusName)); err != nil {
		t.Fatal(err)
	}
	return func(want ...string) {
		t.Helper()
		for _, name := range want {
			s := <-got
			for strings.HasPrefix(s.Name, "org.freedesktop.DBus.Name") { // of the bus itself
				s = <-got
			}
			if !strings.HasSuffix(s.Name, "."+name) {
				t.Errorf("signal %s, want %s", s.Name, name)
			}
		}
	}
}

// TestExecStdio: a command gets the three descriptors of its caller, and the server keeps none. Another number of them,
// or an option of another type, is refused. This test does not run beside others, since they open descriptors too.
func TestExecStdio(t *testing.T) {
	r := newRig(t)
	before := openFDs(t)
	for range 50 {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		fd := dbus.UnixFD(writer.Fd())
		_, ends := executes(t, r, []string{"ls"}, map[string]dbus.Variant{"stdio": dbus.MakeVariant([]dbus.UnixFD{fd, fd, fd})})
		_ = writer.Close()
		text, err := io.ReadAll(reader) // to its end: nobody else has the writer
		if err != nil || len(ends) != 0 || string(text) != "ls env= dir= user= group= false 0x0" {
			t.Errorf("%q, %d ends, %v", text, len(ends), err)
		}
		_ = reader.Close()
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	fd := dbus.UnixFD(null.Fd())
	for _, v := range []any{[]dbus.UnixFD{}, []dbus.UnixFD{fd, fd}, []uint32{1, 2, 3}, "x"} {
		fails(t, r.call(ContainerPath(uuidB), execName, []string{"ls"}, map[string]dbus.Variant{"stdio": dbus.MakeVariant(v)}), contract.ErrorInvalidArgs)
	}
	fails(t, r.call(ContainerPath(uuidB), execName, []string{"ls"}, map[string]dbus.Variant{"stdio": dbus.MakeVariant([]dbus.UnixFD{fd, fd, fd, fd})}), contract.ErrorLimitsExceeded)
	_ = null.Close()
	raw := bus.DialRaw(t, r.bus.Address)
	raw.Flush(t)
	raw.Close()
	closesAll(t, before)
}

// TestOpen: namespaces come by their kind, each once, and all if none is named. An unknown kind is refused. Init comes
// as one descriptor.
func TestOpen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const name = contract.ContainerInterface + ".OpenNamespaces"
	for _, tc := range []struct {
		wanted []string
		count  int
	}{{nil, 8}, {[]string{}, 8}, {[]string{"net"}, 1}, {[]string{"user", "net", "net"}, 2}} {
		var got map[string]dbus.Variant
		if err := r.call(ContainerPath(uuidB), name, tc.wanted, noOptions()).Store(&got); err != nil || len(got) != tc.count {
			t.Errorf("%v: %v, %v", tc.wanted, got, err)
		}
		for _, v := range got {
			_ = os.NewFile(uintptr(v.Value().(dbus.UnixFD)), "ns").Close()
		}
	}
	fails(t, r.call(ContainerPath(uuidB), name, []string{"../exe"}, noOptions()), contract.ErrorInvalidArgs)
	var pidfd dbus.UnixFD
	if err := r.call(ContainerPath(uuidB), contract.ContainerInterface+".OpenLeaderPIDFD", noOptions()).Store(&pidfd); err != nil {
		t.Fatal(err)
	}
	_ = os.NewFile(uintptr(pidfd), "pidfd").Close()
}

// TestSendProcessSignal: a process of the container gets a signal; what is no process and what is no signal is refused.
func TestSendProcessSignal(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const name = contract.ContainerInterface + ".SendProcessSignal"
	if err := r.call(ContainerPath(uuidB), name, int64(1), uint32(10), noOptions()).Err; err != nil || !slices.Equal(r.core.toInit(), []syscall.Signal{10}) {
		t.Errorf("%v, %v", r.core.toInit(), err)
	}
	if err := r.call(ContainerPath(uuidB), name, int64(2), uint32(10), noOptions()).Err; err != nil {
		t.Error(err)
	}
	fails(t, r.call(ContainerPath(uuidB), name, int64(3), uint32(10), noOptions()), contract.ErrorNoSuchProcess)
	const head = `cannot send a signal to a process of domain "b": there is no process `
	for pid, want := range map[int64]string{0: head + "0, a PID is 1 or more", -1: head + "-1, a PID is 1 or more", 1 << 31: head + "2147483648"} {
		got := r.call(ContainerPath(uuidB), name, pid, uint32(10), noOptions())
		fails(t, got, contract.ErrorInvalidArgs)
		if got.Err == nil || got.Err.Error() != want {
			t.Errorf("%d: %v, want %s", pid, got.Err, want)
		}
	}
	fails(t, r.call(ContainerPath(uuidB), name, int64(1), uint32(65), noOptions()), contract.ErrorInvalidArgs)
}
