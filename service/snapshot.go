package service

import (
	"time"

	"github.com/berthd/berth/internal/domain"
)

// State is the state of a container.
type State string

// The states. Libvirt's domstate says "shut off" for StateShutoff and the same words for the others.
const (
	StateShutoff  State = "shutoff"
	StateStarting State = "starting"
	StateRunning  State = "running"
	StatePaused   State = "paused"
	StateStopping State = "stopping"
)

// States returns all states.
func States() []State {
	return []State{StateRunning, StatePaused, StateStarting, StateStopping, StateShutoff}
}

// Known reports whether this is one of the states.
func (s State) Known() bool {
	switch s {
	case StateShutoff, StateStarting, StateRunning, StatePaused, StateStopping:
		return true
	}
	return false
}

// Active reports whether a container in this state is on: it has processes, or will have soon.
func (s State) Active() bool { return s != StateShutoff && s != "" }

// Reason says why a container is in its state.
type Reason string

// The reasons, as in libvirt, and ReasonOOM. Running has unknown, booted and unpaused. Paused has user. Shutoff has
// unknown, shutdown, destroyed, failed and oom: the kernel killed init for want of memory.
const (
	ReasonUnknown   Reason = "unknown"
	ReasonBooted    Reason = "booted"
	ReasonUnpaused  Reason = "unpaused"
	ReasonUser      Reason = "user"
	ReasonShutdown  Reason = "shutdown"
	ReasonDestroyed Reason = "destroyed"
	ReasonFailed    Reason = "failed"
	ReasonOOM       Reason = "oom"
)

// The kinds of ends.
const (
	ExitExited = "exited"
	ExitKilled = "killed"
	ExitDumped = "dumped"
)

// Exit is how init ended, as in waitid(2). Kind is one of the Exit constants, Code the exit status or the
// number of the signal. The zero value means that the container never ran.
type Exit struct {
	Kind string `json:"kind"`
	Code int32  `json:"code"`
}

// Interface is a network interface of a container, as its definition has it.
type Interface struct {
	Name   string // in the container
	Type   string // network, bridge, ethernet or direct
	Source string // the network, the bridge or the host's link; "" for ethernet
	Link   string // the name of the host's end, which is there while the container runs; "" for direct
	Model  string
	MAC    string
}

// Snapshot is an immutable view of one container at one moment.
type Snapshot struct {
	UUID         domain.UUID
	Name         string
	Title        string
	Description  string
	State        State
	Reason       Reason
	StateChanged time.Time
	Persistent   bool
	Autostart    bool   // it starts with the host
	OnceAtBoot   bool   // it starts with the next boot of the host
	Updated      bool   // the stored definition differs from the running one
	ID           uint32 // libvirt's domain id: that of Leader, 0 when off
	Leader       uint32 // pid of init on the host, 0 when off
	Run          uint32 // pid of the supervisor, 0 when off: it tells runs apart
	PrivateUsers bool   // it has a user namespace without the host's root
	MachineName  string
	Network      string // whose network it uses, as domain.Def.Network says
	Unit         string // of the scope, "" when off
	Slice        string
	ControlGroup string // of the scope below the cgroup root, "" when off
	Root         string // host directory of the root, "/" when shared, "" when it is an image
	LastExit     Exit
	Started      time.Time
	MemoryMax    uint64 // bytes; plan.Infinity means no limit
	Limits       Limits
	VCPUs        uint32
	Consoles     []string // "console0", "console1", ...
	Interfaces   []Interface
	Ready        bool   // init runs, and has said that it is ready if it shall say so
	Status       string // what init has said of itself
	Owner        string // StartOptions.Owner of the run, a connection to the bus; nothing of OwnedBy
	OwnedBy      User   // the user whose container it is
	Label        Label  // of the run; the zero value when off, or if it has none
	// The files that a relabelling or a restore which goes on has looked at; 0 if none goes on, or it has just begun.
	RelabelProgress uint64
	OOMKills        uint64 // processes killed for want of memory, in the run or in the last one
}
