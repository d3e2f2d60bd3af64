package remote

import (
	"strings"
)

// programQEMU is the program of libvirt's QEMU driver.
const programQEMU = 0x20008087

// unsupported is the answer to a procedure that libvirt has and this server has not, with the words that libvirt has
// for what a driver lacks.
func unsupported(h head) *failure {
	name := nameOf(h.procedure)
	if h.program == programQEMU {
		name = qemuFunctions()[h.procedure]
	}
	if h.program != programLXC && name != "" {
		return fault(codeNoSupport, ofErrors(name), "this function is not supported by the connection driver: %s", name)
	}
	return fault(codeRPC, domainRPC, "unknown procedure: %d", h.procedure)
}

// qemuFunctions are the procedures of the program of libvirt's QEMU driver. No container has any.
func qemuFunctions() map[int32]string {
	return map[int32]string{
		1: "virDomainQemuMonitorCommand", 2: "virDomainQemuAttach", 3: "virDomainQemuAgentCommand", 4: "virConnectDomainQemuMonitorEventRegister",
		5: "virConnectDomainQemuMonitorEventDeregister", 7: "virDomainQemuMonitorCommandWithFiles",
	}
}

// ofErrors gives the domain of the errors of a function.
func ofErrors(name string) int32 {
	switch {
	case strings.Contains(name, "Snapshot"):
		return domainSnapshot
	case strings.Contains(name, "Checkpoint"), strings.Contains(name, "Backup"):
		return domainCheckpoint
	}
	return domainDomain
}
