package domain

import "runtime"

const atArch = "domain/os/type@arch"

// readArch takes the host's own architecture and the 32-bit one that its kernel runs, too.
func readArch(o *OS, arch, host string) error {
	sibling := siblingArch(host)
	switch {
	case arch == "" || arch == host:
	case sibling != "" && arch == sibling:
	default:
		return unsupported(atArch, "'%.40s' does not run on this host, which is %s", arch, host)
	}
	o.Arch = arch
	return nil
}

// Personality32 reports whether init must be told that the machine is the host's 32-bit sibling
// (personality(2), PER_LINUX32).
func (o OS) Personality32() bool { return o.Arch != "" && o.Arch == siblingArch(hostArch()) }

// siblingArch is the 32-bit architecture that libvirt lets a 64-bit host run, "" when there is none.
func siblingArch(host string) string {
	return map[string]string{
		"x86_64": "i686", "aarch64": "armv7l", "s390x": "s390", "ppc64": "ppc",
		"mips64": "mips", "mips64el": "mipsel",
	}[host]
}

// hostArch is libvirt's word for the architecture that this program is built for.
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
