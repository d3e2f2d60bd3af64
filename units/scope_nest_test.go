//go:build nest

package units_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/internal/shutdown"
	"github.com/berthd/berth/test/rig"
	"github.com/berthd/berth/units"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m, rig.Options{})) }

// host is a client of the nest's systemd.
type host struct {
	conn   *dbus.Conn
	client *units.Client
}

func connect(t testing.TB) *host {
	t.Helper()
	conn, err := dbus.ConnectSystemBus(dbus.WithSignalHandler(dbus.NewSequentialSignalHandler()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	h := &host{conn: conn}
	if h.client, err = units.New(t.Context(), conn, bus.NewPeer(conn, units.BusName)); err != nil {
		t.Fatal(err)
	}
	return h
}

func within(t testing.TB, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// spawn runs a process until the test ends it, or ends.
func spawn(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(cmd) })
	return cmd
}

// end kills a process and reaps it, which it may have been before.
func end(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

func scope(cmd *exec.Cmd) units.Scope {
	return units.Scope{
		Name: "machine-test.scope", Description: "Container test", Slice: "machine.slice",
		PID: uint32(cmd.Process.Pid), StopTimeout: 10 * time.Second, KillSignal: syscall.SIGURG,
		Scope: plan.Scope{Devices: []plan.DeviceAllow{{Path: "/dev/null", Access: "rwm"}, {Path: "char-pts", Access: "rwm"}}},
	}
}

func systemctl(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command("systemctl", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("systemctl %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// gone fails when a scope is still loaded.
func gone(t testing.TB, unit string) {
	t.Helper()
	// systemctl show would load it again.
	if out := systemctl(t, "list-units", "--all", "--no-legend", unit); out != "" {
		t.Errorf("%s is still there: %s", unit, out)
	}
}

// TestProperties: systemd shows each property that a scope was started with.
func TestProperties(t *testing.T) {
	h := connect(t)
	sleep := spawn(t, "sleep", "100")
	s := scope(sleep)
	limit, high, swap := uint64(64<<20), uint64(32<<20), units.Infinity
	s.After = []string{"dbus.service"}
	s.MemoryMax, s.MemoryHigh, s.MemorySwapMax = &limit, &high, &swap
	if _, err := h.client.Start(within(t, time.Minute), s); err != nil {
		t.Fatal(err)
	}
	shown := systemctl(t, "show", s.Name)
	for _, want := range []string{
		"Description=Container test", "Slice=machine.slice", "Delegate=yes", "CollectMode=inactive-or-failed",
		"KillSignal=23", "DevicePolicy=strict", "DeviceAllow=/dev/null rwm", "DeviceAllow=char-pts rwm",
		"TasksMax=16384", "TimeoutStopUSec=10s", "MemoryMax=67108864", "MemoryHigh=33554432", "MemorySwapMax=infinity",
	} {
		if !strings.Contains(shown, want+"\n") {
			t.Errorf("systemctl show lacks %s", want)
		}
	}
	if after := systemctl(t, "show", "-P", "After", s.Name); !strings.Contains(after, "dbus.service") {
		t.Errorf("After=%s", after)
	}
	end(sleep)
	if err := h.client.Stop(within(t, time.Minute), s.Name); err != nil {
		t.Fatal(err)
	}
	gone(t, s.Name)
}

// TestStartOfADeadProcess: a scope of a process that is gone is an error, and a stop leaves no unit of it.
func TestStartOfADeadProcess(t *testing.T) {
	h := connect(t)
	dead := spawn(t, "true")
	_ = dead.Wait()
	for range 20 {
		if _, err := h.client.Start(within(t, time.Minute), scope(dead)); err == nil {
			t.Fatal("a scope of a process that is gone was started")
		}
		if err := h.client.Stop(within(t, time.Minute), scope(dead).Name); err != nil {
			t.Fatal(err)
		}
	}
	gone(t, scope(dead).Name)
}

// TestStartOfATakenName: a name that a scope has is not given twice.
func TestStartOfATakenName(t *testing.T) {
	h := connect(t)
	first, second := spawn(t, "sleep", "100"), spawn(t, "sleep", "100")
	if _, err := h.client.Start(within(t, time.Minute), scope(first)); err != nil {
		t.Fatal(err)
	}
	if made, err := h.client.Start(within(t, time.Minute), scope(second)); err == nil || made {
		t.Errorf("the name was given twice: %v, %v", made, err)
	}
	if err := syscall.Kill(first.Process.Pid, 0); err != nil {
		t.Errorf("the one that has the name: %v", err)
	}
	end(first)
	if err := h.client.Stop(within(t, time.Minute), scope(first).Name); err != nil {
		t.Fatal(err)
	}
}

// TestStubbornProcess: a process that ignores SIGTERM is killed after the stop timeout, and the
// stop ends then.
func TestStubbornProcess(t *testing.T) {
	h := connect(t)
	cmd := exec.Command("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(cmd) })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	s := scope(cmd)
	s.StopTimeout = 300 * time.Millisecond
	if _, err := h.client.Start(within(t, time.Minute), s); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := h.client.Stop(within(t, time.Minute), s.Name); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < s.StopTimeout || took > time.Minute {
		t.Errorf("the stop took %v, want %v and a bit", took, s.StopTimeout)
	}
	_ = cmd.Wait()
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
		t.Errorf("the process ended by %v", status)
	}
	gone(t, s.Name)
}

// TestStopOfSystemd: a systemctl stop sends a signal that a process ignores unless it has a handler, and our
// stop ends when the process has.
func TestStopOfSystemd(t *testing.T) {
	h := connect(t)
	sleep := spawn(t, "sleep", "100")
	s := scope(sleep)
	if _, err := h.client.Start(within(t, time.Minute), s); err != nil {
		t.Fatal(err)
	}
	listener := spawn(t, "sh", "-c", `echo $$ > "$1/cgroup.procs"; trap 'exit 7' URG; while :; do sleep 0.01; done`, "sh", groupOf(t, sleep.Process.Pid))
	for deadline := time.Now().Add(time.Minute); !catches(t, listener.Process.Pid, syscall.SIGURG); {
		if time.Now().After(deadline) {
			t.Fatal("the listener does not listen")
		}
	}
	systemctl(t, "stop", "--no-block", s.Name)
	if _ = listener.Wait(); listener.ProcessState.ExitCode() != 7 {
		t.Errorf("who listens ended with %v", listener.ProcessState)
	}
	ended := make(chan error, 1)
	ctx := within(t, time.Minute)
	go func() { ended <- h.client.Stop(ctx, s.Name) }()
	select {
	case err := <-ended:
		t.Fatalf("Stop ended (%v) before the process", err)
	case <-time.After(50 * time.Millisecond):
	}
	end(sleep)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	gone(t, s.Name)
}

// catches reports whether a process has a handler for a signal.
func catches(t testing.TB, pid int, sig syscall.Signal) bool {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	return shutdown.ParseMasks(string(text)).Caught&(1<<(sig-1)) != 0
}
