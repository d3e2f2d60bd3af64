package guest

import (
	"net/netip"
)

// Interface is a link in the container's network namespace.
type Interface struct {
	Name      string
	MAC       string // "" if it has none
	Addresses []netip.Prefix
}

// ReleaseFiles are where a system says what it is, the first one that is there (os-release(5)).
func ReleaseFiles() []string { return []string{"/etc/os-release", "/usr/lib/os-release"} }

// ZoneFile is where a system says in which time zone it is (localtime(5)).
const ZoneFile = "/etc/localtime"

// MostFile is the largest of these files that is read, in bytes.
const MostFile = 64 << 10
