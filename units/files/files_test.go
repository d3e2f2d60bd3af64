// Package files has the shipped unit files: berthd.service, its activation by the bus, and its
// temporary files. The tests compare them with each other and with what the daemon needs.
package files

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/unit"
	"github.com/google/go-cmp/cmp"
)

// options reads a file in systemd's syntax: "Section.Key" to its values.
func options(t *testing.T, file string) map[string][]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	list, err := unit.DeserializeOptions(f)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, o := range list {
		key := o.Section + "." + o.Name
		all[key] = append(all[key], o.Value)
	}
	return all
}

// TestActivation: the unit and the bus's service file name each other, and systemd starts the
// daemon.
func TestActivation(t *testing.T) {
	t.Parallel()
	service := options(t, "berthd.service.in")
	for key, want := range map[string]string{
		"Service.Type": "notify", "Service.BusName": "org.berth1", "Service.KillMode": "process",
		"Service.Restart": "on-failure", "Service.ExecStart": "@SBINDIR@/berthd",
	} {
		if diff := cmp.Diff([]string{want}, service[key]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
	want := map[string][]string{
		"D-BUS Service.Name": service["Service.BusName"], "D-BUS Service.SystemdService": {"berthd.service"},
		"D-BUS Service.Exec": {"/bin/false"}, "D-BUS Service.User": {"root"},
	}
	if diff := cmp.Diff(want, options(t, "org.berth1.service")); diff != "" {
		t.Errorf("org.berth1.service (-want +got):\n%s", diff)
	}
}

// TestContainerUnit: berth@.service starts its container by name, waits until it is ready, and ends with it.
func TestContainerUnit(t *testing.T) {
	t.Parallel()
	service := options(t, "berth@.service.in")
	for key, want := range map[string][]string{
		"Service.ExecStart": {"@BINDIR@/berthctl start --quiet --ready --unit %n %i"}, "Service.Type": {"oneshot"}, "Service.RemainAfterExit": {"yes"},
		"Service.ExecStop": {"@BINDIR@/berthctl shutdown --quiet --wait --timeout 60 --destroy %i"},
	} {
		if diff := cmp.Diff(want, service[key]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
}

// TestAutostartUnit: berth-autostart.service begins berthd with the host, if something starts with it.
func TestAutostartUnit(t *testing.T) {
	t.Parallel()
	unit := options(t, "berth-autostart.service.in")
	for key, want := range map[string][]string{
		"Unit.ConditionDirectoryNotEmpty": {"|@SYSCONFDIR@/berth/containers/autostart", "|@SYSCONFDIR@/berth/networks/autostart"},
		"Service.ExecStart":               {"systemctl start berthd.service"}, "Service.Type": {"oneshot"}, "Service.RemainAfterExit": {"yes"},
	} {
		if diff := cmp.Diff(want, unit[key]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
}

// TestNothingIsInherited: the unit has no setting that containers would inherit.
func TestNothingIsInherited(t *testing.T) {
	t.Parallel()
	words := []string{
		"NoNewPrivileges", "Protect", "Private", "Restrict", "SystemCall", "LockPersonality", "MemoryDenyWriteExecute",
		"Capability", "AmbientCapabilities", "SecureBits", "OOMScoreAdjust", "Nice", "CPUAffinity", "CPUScheduling", "IOScheduling",
		"UMask", "RootDirectory", "RootImage", "ReadOnlyPaths", "ReadWritePaths", "InaccessiblePaths", "BindPaths", "TemporaryFileSystem",
		"Mount", "DynamicUser", "User", "Group", "Delegate", "Personality", "KeyringMode", "RemoveIPC", "Environment", "SELinuxContext",
	}
	for key := range options(t, "berthd.service.in") {
		name, ok := strings.CutPrefix(key, "Service.")
		if !ok || name == "RestartSec" || name == "Restart" {
			continue
		}
		if slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(name, w) }) {
			t.Errorf("%s= would be the containers', too", name)
		}
	}
}
