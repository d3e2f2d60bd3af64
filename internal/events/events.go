// Package events defines the events of containers. The names of the life-cycle events are libvirt's. It is pure.
package events

// Kind is the event's name.
type Kind string

// Detail says why the event happened.
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
	Renamed   Detail = "renamed"
	Booted    Detail = "booted"
	Paused    Detail = "paused"
	Unpaused  Detail = "unpaused"
	Shutdown  Detail = "shutdown"
	Destroyed Detail = "destroyed"
	Failed    Detail = "failed"
	Guest     Detail = "guest"     // the container rebooted itself
	Requested Detail = "requested" // a caller asked for the reboot
)

// OOMKill is the event of a limit: the kernel has killed processes for want of memory. It has no detail.
const OOMKill Kind = "oom-kill"

// Event is one event. Seq grows by one with each event, and begins anew when the daemon is restarted.
type Event struct {
	Kind   Kind
	Detail Detail
	Seq    uint64
	OOM    *OOM // of OOMKill, otherwise nil
}

// OOM is what an OOMKill tells. The process is the last one that the kernel has named, "" if it has named none since
// the event before.
type OOM struct {
	Kills   uint64 // in the whole run
	Process string
	PID     uint32 // on the host
}
