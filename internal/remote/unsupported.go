package remote

import (
	"strings"
)

// unsupported is the answer to a procedure that libvirt has and this server has not, with the words that libvirt has for what
// a driver lacks.
func unsupported(h head) *failure {
	if name := nameOf(h.procedure); h.program == programRemote && name != "" {
		return fault(codeNoSupport, ofErrors(name), "this function is not supported by the connection driver: %s", name)
	}
	return fault(codeRPC, domainRPC, "unknown procedure: %d", h.procedure)
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
