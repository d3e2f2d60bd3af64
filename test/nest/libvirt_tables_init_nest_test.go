//go:build nest

package nest

import (
	"slices"
	"strings"
	"testing"
)

// environmentRows are init's variables in their order, and nothing of the host's. initenv replaces in
// place and adds at the end. PATH and container are as libvirt's page has them.
var environmentRows = []struct{ name, value string }{
	{"PATH", "/bin:/usr/bin"},
	{"TERM", "vt100"}, // linux, but for the definition's own
	{"container", "libvirt-lxc"},
	{"HOME", "/"},
	{"container_uuid", tableUUID},
	{"container_ttys", "pts/1 pts/2"}, // those after the first
	{"LIBVIRT_LXC_UUID", tableUUID},
	{"LIBVIRT_LXC_NAME", "web"},
	{"LIBVIRT_LXC_CMDLINE", "a b"},
	{"MINE", "some value"}, // the definition's own
}

func checkEnvironment(t *testing.T, w world) {
	seen := w["environment"]
	for i, row := range environmentRows {
		t.Run(row.name, func(t *testing.T) {
			if i >= len(seen) || seen[i] != row.name+"="+row.value {
				t.Errorf("variable %d is not %s=%s: %q", i, row.name, row.value, seen)
			}
		})
	}
	if len(seen) > len(environmentRows) {
		t.Errorf("there are more: %q", seen[len(environmentRows):])
	}
}

// capabilityRows are what policy default makes of each capability, in the kernel's order.
var capabilityRows = []struct {
	name string
	kept bool
}{
	{"chown", true},
	{"dac_override", true},
	{"dac_read_search", true},
	{"fowner", true},
	{"fsetid", true},
	{"kill", true},
	{"setgid", true},
	{"setuid", true},
	{"setpcap", true},
	{"linux_immutable", true},
	{"net_bind_service", true},
	{"net_broadcast", true},
	{"net_admin", true},
	{"net_raw", true},
	{"ipc_lock", true},
	{"ipc_owner", true},
	{"sys_module", false},
	{"sys_rawio", true},
	{"sys_chroot", true},
	{"sys_ptrace", true},
	{"sys_pacct", true},
	{"sys_admin", true},
	{"sys_boot", true}, // since pid namespaces know reboot(2)
	{"sys_nice", true},
	{"sys_resource", true},
	{"sys_time", false},
	{"sys_tty_config", true},
	{"mknod", false},
	{"lease", true},
	{"audit_write", true},
	{"audit_control", false},
	{"setfcap", true},
	{"mac_override", true},
	{"mac_admin", false},
	{"syslog", true},
	{"wake_alarm", true},
	{"block_suspend", true},
	{"audit_read", true},
	{"perfmon", true},
	{"bpf", true},
	{"checkpoint_restore", true},
}

// withoutEffect are the capabilities that Berth drops with a user namespace beyond libvirt: the kernel heeds them
// in the first one only.
var withoutEffect = []string{
	"linux_immutable", "sys_rawio", "sys_pacct", "sys_tty_config", "lease", "audit_write", "mac_override", "syslog",
	"wake_alarm", "block_suspend", "audit_read",
}

func checkCapabilities(t *testing.T, kind string, w world) {
	sets := map[string]uint64{}
	for _, line := range w["status"] {
		if name, _, _ := strings.Cut(line, ":"); strings.HasPrefix(name, "Cap") {
			sets[name] = hex(t, line)
		}
	}
	// A rig's host may lack some itself; the root of a user namespace has all there.
	host := uint64(1)<<len(capabilityRows) - 1
	if kind != userns {
		host = hex(t, run(t, "grep", "CapBnd", "/proc/self/status"))
	}
	for n, row := range capabilityRows {
		t.Run(row.name, func(t *testing.T) {
			want := row.kept && host>>n&1 == 1 && (kind != userns || !slices.Contains(withoutEffect, row.name))
			for _, set := range []string{"CapBnd", "CapPrm", "CapEff"} {
				if got := sets[set]>>n&1 == 1; got != want {
					t.Errorf("in %s: %v, want %v", set, got, want)
				}
			}
		})
	}
	if sets["CapInh"] != 0 || sets["CapAmb"] != 0 || sets["CapBnd"]>>len(capabilityRows) != 0 {
		t.Errorf("sets %x", sets)
	}
}
