package domain

// The words of Def.Network for a network that is not another's.
const (
	NetworkOwn  = "own"
	NetworkHost = "host"
)

// Network says whose network the container uses: its own, with its interfaces or a loopback only, the host's, or the
// one that it shares by <lxc:sharenet>: "container NAME", "process PID" or "netns NAME".
func (d *Def) Network() string {
	switch share := d.Share.Net; share.Kind {
	case ShareName:
		return "container " + share.Value
	case SharePID:
		return "process " + share.Value
	case ShareNetNS:
		return "netns " + share.Value
	case ShareNone:
	}
	if d.Features.PrivNet || d.HasLinks() {
		return NetworkOwn
	}
	return NetworkHost
}
