package domain

import "runtime"

const atArch = "domain/os/type@arch"

// readArch accepts the host's own architecture, which is the default, and the 32-bit one that its kernel
// also runs. It returns an error if arch is any other.
func readArch(o *OS, arch, host string) *Error {
	sibling := siblingArch(host)
	switch {
	case arch == "":
		arch = host
	case arch == host:
	case sibling != "" && arch == sibling:
	default:
		return unsupported(atArch, "'%.40s' does not run on this host, which is %s", arch, host)
	}
	o.Arch = arch
	return nil
}

// Personality32 reports whether init needs the personality of the host's 32-bit sibling
// architecture (personality(2), PER_LINUX32).
func (o OS) Personality32() bool { return o.Arch != "" && o.Arch == siblingArch(hostArch()) }

// siblingArch returns the 32-bit architecture that libvirt lets a 64-bit host run, or "" if it has none.
func siblingArch(host string) string {
	return map[string]string{
		"x86_64": "i686", "aarch64": "armv7l", "s390x": "s390", "ppc64": "ppc",
		"mips64": "mips", "mips64el": "mipsel",
	}[host]
}

// hostArch returns libvirt's word for the architecture that this program is built for.
func hostArch() string {
	words := map[string]string{
		"amd64": "x86_64", "386": "i686", "arm64": "aarch64", "arm": "armv7l", "loong64": "loongarch64",
		"mips64le": "mips64el", "mipsle": "mipsel",
	}
	if word, other := words[runtime.GOARCH]; other {
		return word
	}
	return runtime.GOARCH
}

// Architectures returns libvirt's words for the architecture of the host, and for the 32-bit one that its kernel also
// runs. The second is "" if there is none.
func Architectures() (host, sibling string) {
	host = hostArch()
	return host, siblingArch(host)
}
