package oci

import (
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/berthd/berth/internal/plan"
)

// seccomp converts the list of denied system calls. It returns nil if nothing is denied.
func seccomp(p *plan.Plan, arch string) *specs.LinuxSeccomp {
	if len(p.Deny) == 0 {
		return nil
	}
	const eperm, afNoSupport, afNetlink, netlinkAudit = 1, 97, 16, 9
	var names []string
	loops, filter := false, false
	for _, name := range p.Deny {
		if strings.ContainsRune(name, '(') { // ioctl(LOOP_*)
			loops = true
			continue
		}
		filter = true
		names = append(names, name)
	}
	s := &specs.LinuxSeccomp{DefaultAction: specs.ActAllow, Architectures: architectures(arch)}
	if filter {
		s.Syscalls = []specs.LinuxSyscall{
			{Names: names, Action: specs.ActErrno, ErrnoRet: new(uint(eperm))},
			{Names: []string{"socket"}, Action: specs.ActErrno, ErrnoRet: new(uint(afNoSupport)), Args: []specs.LinuxSeccompArg{
				{Index: 0, Value: afNetlink, Op: specs.OpEqualTo}, {Index: 2, Value: netlinkAudit, Op: specs.OpEqualTo},
			}},
		}
	}
	if loops {
		s.Syscalls = append(s.Syscalls, loopOrders(eperm)...)
	}
	return s
}

// loopOrders denies the orders that change a loop device: those of loop(4) but for the two that ask.
func loopOrders(eperm uint) (list []specs.LinuxSyscall) {
	const first, after, status, status64 = 0x4c00, 0x4c80, 0x4c03, 0x4c05
	for order := uint64(first); order < after; order++ {
		if order == status || order == status64 || order > 0x4c0a { // LOOP_CONFIGURE is the last one
			continue
		}
		list = append(list, specs.LinuxSyscall{
			Names: []string{"ioctl"}, Action: specs.ActErrno, ErrnoRet: new(eperm),
			Args: []specs.LinuxSeccompArg{{Index: 1, Value: 0xffffffff, ValueTwo: order, Op: specs.OpMaskedEqual}},
		})
	}
	return list
}

// architectures are those that the filter knows: the host's, and the one of its 32-bit programs.
func architectures(arch string) []specs.Arch {
	return map[string][]specs.Arch{
		"x86_64":  {specs.ArchX86_64, specs.ArchX86},
		"i686":    {specs.ArchX86_64, specs.ArchX86},
		"aarch64": {specs.ArchAARCH64, specs.ArchARM},
		"armv7l":  {specs.ArchAARCH64, specs.ArchARM},
		"ppc64le": {specs.ArchPPC64LE},
		"s390x":   {specs.ArchS390X, specs.ArchS390},
		"riscv64": {specs.ArchRISCV64},
	}[arch]
}
