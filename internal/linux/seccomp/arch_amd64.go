package seccomp

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_X86_64

// x32 is the bit in a number that chooses the x32 calls, whose architecture is x86_64, too.
const x32 = 0x40000000

// own are the calls that not every architecture has.
func own() map[string]uint32 {
	return map[string]uint32{
		"ioperm":     unix.SYS_IOPERM,
		"iopl":       unix.SYS_IOPL,
		"modify_ldt": unix.SYS_MODIFY_LDT,
		"uselib":     unix.SYS_USELIB,
		"ustat":      unix.SYS_USTAT,
		"_sysctl":    unix.SYS__SYSCTL,
		"sysfs":      unix.SYS_SYSFS,
	}
}
