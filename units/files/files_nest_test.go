//go:build nest

package files

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/berthd/berth/test/rig"
)

func TestMain(m *testing.M) {
	os.Exit(rig.Main(m, rig.Options{
		Install: true,
		Files:   []string{"units/files/berthd.service.in", "units/files/berth@.service.in", "units/files/berth-autostart.service.in", "units/files/org.berth1.service", "contract/org.berth1.conf"},
	}))
}

// run gives what a command printed, and whether it succeeded.
func run(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// TestUnitIsFlawless: systemd-analyze has nothing to say of berthd.service.
func TestUnitIsFlawless(t *testing.T) {
	if out, err := run("systemd-analyze", "verify", "berthd.service"); err != nil || out != "" {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// TestCallActivates: berthd starts with the first call, and not before.
func TestCallActivates(t *testing.T) {
	if out, err := run("systemctl", "is-active", "berthd.service"); err == nil {
		t.Fatalf("it runs before it is needed: %s", out)
	}
	out, err := run("busctl", "call", "org.berth1", "/org/berth1", "org.freedesktop.DBus.Peer", "Ping")
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := run("systemctl", "is-active", "berthd.service"); err != nil {
		t.Errorf("after a call it is %s", out)
	}
}

// TestOthersAreKeptOut: a user who calls berthd may do nothing, and can neither take its name nor read its directories.
func TestOthersAreKeptOut(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"call", []string{"busctl", "call", "org.berth1", "/org/berth1", "org.berth1.Manager", "DefineXML", "sa{sv}", "<domain type='lxc'/>", "0"}, "org.berth1.manage needs"},
		{"own", []string{
			"busctl", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName", "su", "org.berth1", "4",
		}, "Access denied"},
		{"live state", []string{"ls", "/run/berth"}, "Permission denied"},
		{"definitions", []string{"ls", "/etc/berth/containers"}, "Permission denied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := run("runuser", append([]string{"-u", "nobody", "--"}, c.args...)...)
			if err == nil || !strings.Contains(out, c.want) {
				t.Errorf("%v: %s; want %s", err, out, c.want)
			}
		})
	}
}
