// Package events names what happens to a container, in libvirt's words. It is pure.
package events

// Kind is the event's name.
type Kind string

// Detail says why.
type Detail string

// The life-cycle events (libvirt's VIR_DOMAIN_EVENT_*) and their details.
const (
	Defined   Kind = "defined"
	Undefined Kind = "undefined"
	Started   Kind = "started"
	Suspended Kind = "suspended"
	Resumed   Kind = "resumed"
	Stopped   Kind = "stopped"
	Rebooted  Kind = "rebooted"

	Added     Detail = "added"
	Updated   Detail = "updated"
	Removed   Detail = "removed"
	Booted    Detail = "booted"
	Paused    Detail = "paused"
	Unpaused  Detail = "unpaused"
	Shutdown  Detail = "shutdown"
	Destroyed Detail = "destroyed"
	Failed    Detail = "failed"
	Guest     Detail = "guest" // a reboot that the container asked for
)

// Event is one life-cycle event. Seq grows by one per event of one daemon's life.
type Event struct {
	Kind   Kind
	Detail Detail
	Seq    uint64
}
