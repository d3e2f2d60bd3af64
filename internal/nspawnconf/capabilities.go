package nspawnconf

import (
	"slices"
	"strings"

	"github.com/berthd/berth/internal/domain"
)

// retained are the capabilities that systemd-nspawn leaves a container, systemd-nspawn(1). With a network of its own it
// has net_admin besides.
func retained() []string {
	return []string{
		"audit_control", "audit_write", "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "ipc_owner", "kill", "lease",
		"linux_immutable", "mknod", "net_bind_service", "net_broadcast", "net_raw", "setfcap", "setgid", "setpcap", "setuid",
		"sys_admin", "sys_boot", "sys_chroot", "sys_nice", "sys_ptrace", "sys_resource", "sys_tty_config",
	}
}

func (c *conversion) capability(s setting)     { c.exec.keep = c.capabilityNames(s, c.exec.keep) }
func (c *conversion) dropCapability(s setting) { c.exec.drop = c.capabilityNames(s, c.exec.drop) }

// capabilityNames adds the capabilities of a line to a set.
func (c *conversion) capabilityNames(s setting, set map[string]bool) map[string]bool {
	list, err := words(s.value)
	if err != nil {
		c.bad(s, "a list of capabilities: "+err.Error())
		return set
	}
	if set == nil {
		set = map[string]bool{}
	}
	for _, word := range list {
		name := strings.TrimPrefix(strings.ToLower(word), "cap_")
		switch {
		case name == "all":
			for _, each := range domain.CapabilityNames() {
				set[each] = true
			}
		case slices.Contains(domain.CapabilityNames(), name):
			set[name] = true
		default:
			c.warn(s, "'%.40s' is no capability that Berth knows", word)
		}
	}
	return set
}

// finishCapabilities names each capability that the container has: the default of a definition has more than
// systemd-nspawn's.
func (c *conversion) finishCapabilities() {
	states := map[string]bool{}
	names := retained()
	if c.def.HasLinks() || c.def.Features.PrivNet {
		names = append(names, "net_admin")
	}
	for _, name := range names {
		states[name] = true
	}
	for name := range c.exec.keep {
		states[name] = true
	}
	for name := range c.exec.drop {
		delete(states, name)
	}
	c.def.Features.Capabilities = domain.Capabilities{Policy: domain.CapDeny, States: states}
}
