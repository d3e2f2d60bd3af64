//go:build nest

package nest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The places of the files of the machine web.
const nspawnSettings, nspawnUnit = "/etc/systemd/nspawn/web.nspawn", "/etc/systemd/system/systemd-nspawn@web.service.d"

func (g guest) exportNspawn(t *testing.T) result {
	t.Helper()
	t.Cleanup(func() {
		run(t, "rm", "-rf", nspawnSettings, nspawnUnit)
		run(t, "systemctl", "daemon-reload")
	})
	return try(t, "berthctl", "export-nspawn", g.Name, nspawnSettings, "--unit", nspawnUnit+"/berth.conf")
}

// TestExportNspawn: systemd starts the service of an exported file with its drop-in, and init finds the host name,
// user, environment, id map, capabilities, limits and file systems that it finds under Berth, but for what the export
// warns of.
func TestExportNspawn(t *testing.T) {
	for name, c := range map[string]struct{ more, args string }{
		"root":           {more: filtered, args: "<initdir>/tmp</initdir>"},
		"odd words":      {args: "<initenv name='ODD'>\"x\" 'y' \\z $HOME %n ; #</initenv>"},
		"user namespace": {more: mapped},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := exportGuest(t, c.more, c.args)
			g.define(t)
			r := g.exportNspawn(t)
			if r.Status != 0 || !strings.Contains(r.Err, nspawnSettings) || !strings.Contains(r.Err, nspawnUnit) {
				t.Fatalf("%+v", r)
			}
			if again := try(t, "berthctl", "export-nspawn", g.Name, nspawnSettings); again.Status == 0 || !strings.Contains(again.Err, nspawnSettings+" is there already") {
				t.Errorf("it overwrites: %+v", again)
			}
			want := g.underBerth(t)
			got := changes(want, underNspawn(t, g.Name))
			t.Logf("%q", got)
			for _, one := range got {
				if !warnedOf(one) {
					t.Error(one)
				}
			}
		})
	}
}

// warnedOf reports whether the export warns of a difference: what of /proc, /sys, /dev and /run is there, variables
// that systemd-nspawn sets, its filter, and capabilities that init could inherit.
func warnedOf(difference string) bool {
	f := strings.Fields(difference)
	switch f[0][1:] {
	case "mount":
		own := []string{"/", "/srv", "/scratch", "/proc", "/proc/sys", "/dev/pts", "/dev/shm", "/dev/mqueue", "/run/host", "/sys/fs/cgroup"}
		return !slices.Contains(own, f[1])
	case "dev":
		return slices.Contains([]string{"tty1", "console", "char", "net"}, f[1])
	case "env":
		variable, _, _ := strings.Cut(f[1], "=")
		return slices.Contains([]string{"container", "USER", "LOGNAME", "LANG", "NOTIFY_SOCKET"}, variable) || strings.HasPrefix(variable, "container_host_")
	case "Seccomp", "CapInh":
		return true
	}
	return false
}

func underNspawn(t *testing.T, name string) []string {
	t.Helper()
	pid, end := startService(t, name)
	defer end()
	return worldOf(t, pid)
}

// startService starts the service of systemd-nspawn for a machine.
func startService(t *testing.T, name string) (pid string, end func()) {
	t.Helper()
	unit := "systemd-nspawn@" + name + ".service"
	run(t, "systemctl", "daemon-reload")
	if r := try(t, "systemctl", "start", unit); r.Status != 0 {
		t.Fatal(r.Err, journal(t, "-b", "--no-pager", "-u", unit))
	}
	end = func() {
		try(t, "systemctl", "kill", "-sKILL", unit)
		try(t, "systemctl", "stop", unit)
		try(t, "systemctl", "reset-failed", unit)
	}
	return ran(t, func() (string, error) {
		r := try(t, "machinectl", "show", name, "-pLeader", "--value")
		if r.Status != 0 {
			return "", fmt.Errorf("%+v", r)
		}
		return strings.TrimSpace(r.Out), nil
	}), end
}
