package domain

import "slices"

// CapabilityNames returns the names of the capabilities as domain XML writes them. The index of a
// name is the capability's number (linux/capability.h, kernel 5.9 and later).
func CapabilityNames() []string {
	return []string{
		"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid",
		"setpcap", "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
		"sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
		"sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
		"mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
		"checkpoint_restore",
	}
}

// dropped returns the capabilities that the policy "default" takes away.
func dropped() []string {
	return []string{"sys_module", "sys_time", "mknod", "audit_control", "mac_admin"}
}

func capabilityNumber(name string) (int, bool) {
	n := slices.Index(CapabilityNames(), name)
	return n, n >= 0
}

// Keep returns the mask of the capabilities that the container keeps. Bit n stands for capability n.
func (c Capabilities) Keep() uint64 {
	names := CapabilityNames()
	all := uint64(1)<<len(names) - 1
	keep := all
	switch c.Policy {
	case CapDeny:
		keep = 0
	case CapAllow:
	default:
		for _, name := range dropped() {
			n, _ := capabilityNumber(name)
			keep &^= 1 << n
		}
	}
	for name, on := range c.States {
		n, known := capabilityNumber(name)
		switch {
		case !known:
		case on:
			keep |= 1 << n
		default:
			keep &^= 1 << n
		}
	}
	return keep
}
