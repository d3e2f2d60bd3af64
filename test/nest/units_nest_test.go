//go:build nest

package nest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func active(t testing.TB, unit string) string {
	t.Helper()
	return try(t, "systemctl", "is-active", unit).Out
}

// TestContainerUnit: `systemctl start berth@NAME` returns when the container is ready; a stop of the unit ends it in
// order; and the unit is inactive when the container has ended by itself, but not after a reboot.
func TestContainerUnit(t *testing.T) {
	clean(t)
	const unit = "berth@unitweb.service"
	g := script(t, "unitweb", `trap 'echo bye; exit 0' TERM
/serve say READY=1 STATUS=up
n=$(($(cat /count 2>/dev/null || echo 0)+1)); echo $n > /count
while :; do
	[ -e /off ] && rm /off && exit 0
	[ -e /again ] && rm /again && exec reboot -f
	sleep 0.1
done`)
	g.More = extension("<notify/>")
	serve(t, g.Root)
	g.define(t)
	t.Cleanup(func() {
		try(t, "systemctl", "stop", unit)
		try(t, "systemctl", "reset-failed", unit)
	})
	run(t, "systemd-analyze", "verify", unit)
	run(t, "systemctl", "start", unit)
	if i := info(t, g.Name); !i.Ready || i.Status != "up" {
		t.Errorf("after the start of the unit: %+v", i)
	}
	run(t, "systemctl", "stop", unit)
	if i := info(t, g.Name); i.State != "shutoff" || i.LastExit.Kind != "exited" || i.LastExit.Code != 0 {
		t.Errorf("after the stop of the unit: %+v", i)
	}
	if got := run(t, "berthctl", "console-log", g.Name); !strings.Contains(got, "bye") {
		t.Errorf("it was not asked to end: %q", got)
	}
	run(t, "systemctl", "start", unit)
	first := info(t, g.Name).Leader
	if err := os.WriteFile(filepath.Join(g.Root, "again"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if i := info(t, g.Name); i.Leader == first || !i.Ready {
			return fmt.Errorf("no reboot: %+v", i)
		}
		return nil
	})
	if got := active(t, unit); got != "active" {
		t.Errorf("after a reboot the unit is %s", got)
	}
	if err := os.WriteFile(filepath.Join(g.Root, "off"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { return is(active(t, unit), "inactive") })
	if i := info(t, g.Name); i.State != "shutoff" {
		t.Errorf("it is %s", i.State)
	}
	if list := errorsOf(t, unit); list != nil {
		t.Errorf("after a stop in order and an end from inside, its journal has %q", list)
	}
	run(t, "systemctl", "start", unit)
	run(t, "berthctl", "suspend", g.Name)
	run(t, "systemctl", "stop", unit)
	if got := journal(t, "--unit", unit, "--output", "cat"); !strings.Contains(got, "notice: domain 'unitweb' was destroyed: ") ||
		errorsOf(t, unit) != nil || info(t, g.Name).State != "shutoff" {
		t.Errorf("after the stop of a paused one: %s", got)
	}
}

// errorsOf are the lines in the journal of a unit that tell of an error.
func errorsOf(t testing.TB, unit string) (list []string) {
	t.Helper()
	for line := range strings.SplitSeq(journal(t, "--unit", unit, "--output", "cat"), "\n") {
		if strings.Contains(line, "error:") || strings.Contains(line, "status=") {
			list = append(list, line)
		}
	}
	return list
}

// removeUnits removes what `berthctl socket-unit` wrote.
func removeUnits(t *testing.T, name, domain string) {
	t.Cleanup(func() {
		try(t, "systemctl", "disable", "--now", name+".socket")
		try(t, "systemctl", "stop", name+".service", "berth@"+domain+".service")
		for _, file := range []string{name + ".socket", name + ".service", "berth@" + domain + ".service.d"} {
			_ = os.RemoveAll("/etc/systemd/system/" + file)
		}
		run(t, "systemctl", "daemon-reload")
		try(t, "systemctl", "reset-failed")
	})
}

// TestSocketUnit: `berthctl socket-unit` writes and enables a pair of units that starts the container with the first
// connection, and overwrites nobody else's units.
func TestSocketUnit(t *testing.T) {
	clean(t)
	g := guest{Name: "ondemand", Root: busybox(t), Init: "/" + guestProgram}
	serve(t, g.Root)
	g.define(t)
	removeUnits(t, g.Name, g.Name)
	run(t, "berthctl", "socket-unit", g.Name, "--listen", "127.0.0.1:2325")
	for range 2 {
		if got := run(t, "systemctl", "is-enabled", "ondemand.socket"); got != "enabled" {
			t.Errorf("the socket is %s", got)
		}
		if got := answer(t, "127.0.0.1:2325", "hello"); got != "hello from ondemand.socket" {
			t.Errorf("got %q", got)
		}
		run(t, "berthctl", "destroy", g.Name)
		eventually(t, func() error { return is(active(t, "ondemand.service"), "inactive") })
	}
	if list := errorsOf(t, "ondemand.service"); list != nil {
		t.Errorf("after two ends, the service's journal has %q", list)
	}
	run(t, "systemd-analyze", "verify", "ondemand.socket", "ondemand.service")
	run(t, "berthctl", "socket-unit", g.Name, "--listen", "127.0.0.1:2325") // again
	for args, want := range map[string]string{
		"--unit dbus --listen 1": "the host has a unit dbus.socket already",
		"--unit a/b --listen 1":  "cannot be the name of a unit",
		"":                       "requires --listen",
		"--listen=":              "is no address",
		"--idle 5min --listen 1": "--idle requires --proxy",
		"--unit ondemandport --listen 127.0.0.1:2325": "systemd cannot listen, and nothing was changed",
	} {
		got := try(t, "sh", "-c", "berthctl socket-unit ondemand "+args)
		if got.Status == 0 || !strings.Contains(got.Err, want) {
			t.Errorf("%s: %+v, want %q", args, got, want)
		}
	}
	removeUnits(t, "ondemandport", g.Name)
	for _, dir := range []string{"", "sockets.target.wants/"} {
		if _, err := os.Lstat("/etc/systemd/system/" + dir + "ondemandport.socket"); err == nil {
			t.Errorf("units that cannot listen are still in %s", dir)
		}
	}
	if err := os.WriteFile("/etc/systemd/system/ondemand.service", []byte("[Service]\nExecStart=/bin/true\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := try(t, "berthctl", "socket-unit", g.Name, "--listen", "1"); got.Status == 0 || !strings.Contains(got.Err, "is not of berthctl") {
		t.Errorf("another's unit: %+v", got)
	}
}

// TestSocketUnitAgain: a second `berthctl socket-unit` has systemd listen at the new address only, keeps the old one if
// the new one cannot be had, says so if the service runs, and takes no pair of another container.
func TestSocketUnitAgain(t *testing.T) {
	clean(t)
	g := guest{Name: "again", Root: busybox(t), Init: "/" + guestProgram}
	serve(t, g.Root)
	g.define(t)
	sleeper(t, "another").define(t)
	removeUnits(t, g.Name, g.Name)
	unit := func(args string) result {
		t.Helper()
		return try(t, "sh", "-c", "berthctl socket-unit "+args)
	}
	unit("again --listen 127.0.0.1:2327")
	unit("again --listen 127.0.0.1:2328")
	if got := unit("another --unit again --listen 127.0.0.1:2329"); got.Status == 0 || !strings.Contains(got.Err, "is of container 'again'") {
		t.Errorf("another container's pair: %+v", got)
	}
	if got := unit("again --listen 127.0.0.1:2328 --listen 192.0.2.1:1"); got.Status == 0 || !strings.Contains(got.Err, "cannot listen") {
		t.Errorf("an address that the host does not have: %+v", got)
	}
	if c, err := net.Dial("tcp", "127.0.0.1:2327"); err == nil {
		c.Close()
		t.Error("it still listens at the first address")
	}
	if got := answer(t, "127.0.0.1:2328", "hello"); got != "hello from again.socket" {
		t.Errorf("got %q", got)
	}
	if got := unit("again --listen 127.0.0.1:2330"); got.Status != 0 || !strings.Contains(got.Err, `notice: again.service runs; stop it, then "systemctl restart again.socket"`) {
		t.Errorf("while the service runs: %+v", got)
	}
	run(t, "systemctl", "stop", "again.service")
	run(t, "systemctl", "restart", "again.socket")
	if got := answer(t, "127.0.0.1:2330", "hello"); got != "hello from again.socket" {
		t.Errorf("got %q", got)
	}
	if got := unit("another --unit again --remove"); got.Status == 0 || !strings.Contains(got.Err, "is of container 'again'") {
		t.Errorf("the removal of another container's pair: %+v", got)
	}
	run(t, "berthctl", "socket-unit", "--remove", g.Name)
	if left, _ := filepath.Glob("/etc/systemd/system/*/again.*"); left != nil || active(t, "again.socket") != "inactive" || info(t, g.Name).State != "running" {
		t.Errorf("after the removal: %q, the socket is %s, the container is %s", left, active(t, "again.socket"), info(t, g.Name).State)
	}
	run(t, "berthctl", "destroy", g.Name)
	eventually(t, func() error { return is(active(t, "again.service"), "inactive") })
}

// TestSocketUnitOfRunning: `berthctl socket-unit` says that a running container does not take the sockets, and so does
// the journal when somebody connects.
func TestSocketUnitOfRunning(t *testing.T) {
	clean(t)
	g := sleeper(t, "already")
	g.define(t)
	run(t, "berthctl", "start", g.Name)
	removeUnits(t, g.Name, g.Name)
	notice := `notice: domain 'already' is running, and takes no sockets now; shut it down, then "systemctl restart already.socket"`
	for args, want := range map[string]string{" --proxy 127.0.0.1:2502": "", "": notice} {
		if got := try(t, "sh", "-c", "berthctl socket-unit already --listen 127.0.0.1:2331"+args); got.Status != 0 || got.Err != want {
			t.Errorf("%s: %+v, want %s", args, got, want)
		}
	}
	run(t, "berthctl", "socket-unit", g.Name, "--listen", "127.0.0.1:2331")
	c, err := net.Dial("tcp", "127.0.0.1:2331")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const want = "error: domain 'already' is already active, and cannot take sockets now"
	eventually(t, func() error {
		if list := errorsOf(t, "already.service"); !strings.Contains(strings.Join(list, "\n"), want) {
			return fmt.Errorf("the journal has %q, want %s", list, want)
		}
		return nil
	})
}

// TestSocketProxy: with --proxy a server that cannot take sockets is started by the first connection, which it answers
// when it is ready, and stopped when nobody talks to it any more; the next connection starts it again.
func TestSocketProxy(t *testing.T) {
	clean(t)
	g := guest{Name: "proxied", Root: busybox(t), Init: "/" + guestProgram, More: extension("<notify/>")}
	g.Args = "<initarg>listen</initarg><initarg>127.0.0.1:2501</initarg>"
	serve(t, g.Root)
	g.define(t)
	removeUnits(t, g.Name, g.Name)
	run(t, "berthctl", "socket-unit", g.Name, "--listen", "127.0.0.1:2326", "--proxy", "127.0.0.1:2501", "--idle", "1s")
	for range 2 {
		began := time.Now()
		if got := answer(t, "127.0.0.1:2326", "hello"); got != "hello from" {
			t.Errorf("got %q", got)
		}
		t.Logf("first connection: %v", time.Since(began))
		eventually(t, func() error { return is(info(t, g.Name).State, "shutoff") })
		eventually(t, func() error { return is(active(t, "proxied.service"), "inactive") })
		eventually(t, func() error { return is(active(t, "berth@proxied.service"), "inactive") })
	}
	run(t, "berthctl", "socket-unit", g.Name, "--listen", "127.0.0.1:2326", "--proxy", "127.0.0.1:2501")
	run(t, "systemctl", "start", "berth@proxied.service")
	if got := run(t, "systemctl", "show", "--property=StopWhenUnneeded", "--value", "berth@proxied.service"); got != "no" {
		t.Errorf("without --idle, StopWhenUnneeded=%s", got)
	}
	if got := answer(t, "127.0.0.1:2326", "hello"); got != "hello from" {
		t.Errorf("got %q", got)
	}
}
