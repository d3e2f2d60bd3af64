package planner

import (
	"slices"

	"github.com/berthd/berth/internal/domain"
)

// firstOnly returns the capabilities that the kernel heeds in the first user namespace only: each of its checks
// is capable() or netlink_capable(). The other ones each have a check that asks for a right in the caller's own
// namespace (ns_capable() and its like), sys_time in time_namespaces(7) and mac_admin in AppArmor.
func firstOnly() []string {
	return []string{
		"linux_immutable", "sys_module", "sys_rawio", "sys_pacct", "sys_tty_config", "mknod", "lease",
		"audit_write", "audit_control", "audit_read", "mac_override", "syslog", "wake_alarm", "block_suspend",
	}
}

// kept returns the mask of the capabilities that init keeps. Below a user namespace those of firstOnly have no
// effect, and programs that look whether they have them fail: systemd mounts debugfs only with sys_rawio. So
// they are dropped, unless the definition names them.
func kept(d *domain.Def) uint64 {
	keep := d.Features.Capabilities.Keep()
	if !d.IDMap.Enabled() {
		return keep
	}
	for n, name := range domain.CapabilityNames() {
		if slices.Contains(firstOnly(), name) && !d.Features.Capabilities.States[name] {
			keep &^= 1 << n
		}
	}
	return keep
}
