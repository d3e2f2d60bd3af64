//go:build nest

package nest

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestHost: the rig's host has a running systemd as process 1, machined without machines, and
// control groups.
func TestHost(t *testing.T) {
	clean(t)
	if r := try(t, "systemctl", "is-system-running"); r.Out != "running" {
		t.Errorf("systemd is %q: %s", r.Out, run(t, "systemctl", "--failed", "--no-legend"))
	}
	if got := processes(t)[1]; got != "systemd" {
		t.Errorf("process 1 is %s", got)
	}
	if got := machines(t); len(got) != 0 {
		t.Errorf("a fresh host has the machines %v", got)
	}
	if !slices.Contains(mounts(t, 0), "/sys/fs/cgroup") {
		t.Errorf("the control groups are not mounted; mounts: %v", mounts(t, 0))
	}
}

// TestInstalled: the installed programs have the right modes, and systemd and D-Bus know the
// service.
func TestInstalled(t *testing.T) {
	clean(t)
	for _, program := range []string{"/usr/sbin/berthd", "/usr/bin/berthctl", "/usr/libexec/berth/berth-supervisor"} {
		if info, err := os.Stat(program); err != nil || info.Mode() != 0o755 {
			t.Errorf("%s: %v, %v", program, info, err)
		}
	}
	run(t, "systemd-analyze", "verify", "berthd.service")
	if got := run(t, "systemctl", "show", "--property=StartLimitIntervalUSec", "--value", "berthd.service"); got != "0" {
		t.Errorf("the start limit of berthd.service is %s, not lifted", got)
	}
	var activatable []string
	if err := systemBus(t).BusObject().Call("org.freedesktop.DBus.ListActivatableNames", 0).Store(&activatable); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(activatable, "org.berth1") {
		t.Errorf("the bus cannot activate org.berth1, only %v", activatable)
	}
}

// TestScope: a machine that was made without Berth is seen in every way in which tests look for
// leftovers.
func TestScope(t *testing.T) {
	clean(t)
	const name = "machine-probe.scope"
	// A process of its own session that only systemd ends; systemd-run's scope is what Berth makes itself.
	cmd := exec.Command("systemd-run", "--quiet", "--scope", "--unit="+name, "--slice=machine.slice", "sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run(t, "systemctl", "stop", name)
		if err := cmd.Wait(); err == nil {
			t.Error("sleep ended by itself")
		}
	})
	const group = "/machine.slice/" + name
	pid := cmd.Process.Pid // systemd-run moves itself and becomes the command
	eventually(t, func() error {
		if _, err := os.Stat("/sys/fs/cgroup" + group); err != nil {
			return err
		}
		if got := members(t, group); !slices.Contains(got, pid) {
			return fmt.Errorf("the scope has the processes %v, not %d", got, pid)
		}
		return nil
	})
	run(t, "busctl", "call", "org.freedesktop.machine1", "/org/freedesktop/machine1", "org.freedesktop.machine1.Manager",
		"RegisterMachine", "sayssus", "probe", "0", "test", "container", strconv.Itoa(pid), "")
	if got := machines(t); len(got) != 1 || got[0].Name != "probe" || got[0].Class != "container" {
		t.Errorf("machined knows %v", got)
	}
	if got := units(t, name); len(got) != 1 || got[0].Active != "active" {
		t.Errorf("systemd knows %v", got)
	}
	if got := observe(t); !slices.Contains(got, "machine probe") || !slices.Contains(got, "control group "+group) {
		t.Errorf("a leak of this machine would not be seen in:\n%s", strings.Join(got, "\n"))
	}
}

// TestBusybox: the root directory of the tests runs busybox.
func TestBusybox(t *testing.T) {
	clean(t)
	root := busybox(t)
	if got := run(t, "chroot", root, "/bin/sh", "-c", "echo $((6*7)); id -un; exec /bin/true"); got != "42\nroot" {
		t.Errorf("got %q", got)
	}
}

// TestTry: try gives the output, the errors and the status of a command.
func TestTry(t *testing.T) {
	clean(t)
	got := try(t, "sh", "-c", "echo out; echo err >&2; exit 3")
	if want := (result{Out: "out", Err: "err", Status: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestExtra: extra finds what is there more often than before, less what a new daemon has open.
func TestExtra(t *testing.T) {
	for name, c := range map[string]struct {
		before, after, want []string
	}{
		"same":             {[]string{"a x", "a x"}, []string{"a x", "a x"}, nil},
		"gone":             {[]string{"a x"}, nil, nil},
		"new":              {[]string{"a x"}, []string{"a x", "b y"}, []string{"b y"}},
		"once more":        {[]string{"a x"}, []string{"a x", "a x"}, []string{"a x"}},
		"another daemon":   {[]string{"a x"}, []string{"berthd 7 has open pipe"}, nil},
		"the same daemon":  {[]string{"a x", "berthd 7 has open pipe"}, []string{"berthd 7 has open pipe", "berthd 7 has open pipe"}, []string{"berthd 7 has open pipe"}},
		"nothing at first": {nil, []string{"b y"}, []string{"b y"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := extra(c.before, c.after); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
