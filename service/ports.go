package service

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/internal/plan"
)

// Observer is told of every change after it has happened. The changes of one container come in order.
// before is nil for a new container, after is nil for one that was removed. event is nil if the change
// is no life-cycle event. Changed must not block.
type Observer interface {
	Changed(before, after *Snapshot, event *events.Event)
	// ProcessChanged is told of the commands in containers. before is nil for a new one, after for one that is
	// forgotten. It must not block.
	ProcessChanged(before, after *Process)
	// DeviceChanged is told of a device that a running container has got, or has lost, by its alias. It must not block.
	DeviceChanged(u domain.UUID, alias string, added bool)
	// MetadataChanged is told of a title, a description or an element that was changed. It must not block.
	MetadataChanged(u domain.UUID, kind domain.MetadataKind, uri string)
}

// Runs keeps the notes of runs. They outlive the daemon, but not a reboot of the host.
type Runs interface {
	// Create makes an empty directory for a run.
	Create(u domain.UUID) (dir string, err error)
	Save(r Run) error
	// Dir is the directory of the run, LastDir that of the previous run.
	Dir(u domain.UUID) string
	LastDir(u domain.UUID) string
	// Load returns every run that is not archived.
	Load() ([]SavedRun, error)
	// Last returns the archived run of a container, LastOnes the containers that have one.
	Last(u domain.UUID) (r Run, found bool, err error)
	LastOnes() ([]domain.UUID, error)
	// MakeRoom removes the directory of the previous run.
	MakeRoom(u domain.UUID) error
	// Archive makes the run the previous one. Its consoles can still be read.
	Archive(u domain.UUID) error
	// Discard removes the directory of a run that never began. The directory of the previous run stays.
	Discard(u domain.UUID) error
	// Forget removes both directories of a container.
	Forget(u domain.UUID) error
	// Autostart returns which containers this boot has still to start. The first call of a boot enters list.
	Autostart(list []domain.UUID) (pending []domain.UUID, err error)
	// Autostarted says that this boot has no more to start a container.
	Autostarted(u domain.UUID) error
}

// SavedRun is one run directory of an earlier daemon. Err says why its note cannot be used. It is
// fs.ErrNotExist if no note was written. Run has only the UUID then.
type SavedRun struct {
	Run Run
	Err error
}

// RunVersion is the version of the notes that this daemon writes. A new version only adds fields. The
// meaning of a field never changes, and an older daemon keeps the fields that it does not know. So every
// daemon can read every note.
const RunVersion = 1

// Run is the note of a run. A later daemon needs nothing else to go on with the run and to release its parts.
type Run struct {
	Version  int         `json:"version"`
	UUID     domain.UUID `json:"-"`
	Name     string      `json:"-"` // for the log; "" as long as the definition was not read
	State    State       `json:"state"`
	Reason   Reason      `json:"reason"`
	Changed  time.Time   `json:"changed"`
	Started  time.Time   `json:"started"`
	Machine  string      `json:"machine"`
	Unit     string      `json:"unit"`
	Slice    string      `json:"slice"`
	Group    string      `json:"group"`              // the scope's control group
	GroupID  uint64      `json:"group_id,omitempty"` // its inode number, which the kernel never gives to another group
	LastExit Exit        `json:"last_exit"`
	// The processes, for readers while the supervisor does not answer. No process is signalled by these
	// numbers: the kernel may have given them to other processes by now.
	Supervisor uint32 `json:"supervisor,omitempty"`
	Leader     uint32 `json:"leader,omitempty"`
	Wire       int    `json:"wire,omitempty"` // version of the supervisor's protocol
	// Orders, saved before they are carried out. If the daemon dies, the next one finishes them.
	Stopping  bool   `json:"stopping,omitempty"`  // by systemd
	Destroyed bool   `json:"destroyed,omitempty"` // by a caller
	Wanted    Want   `json:"wanted,omitempty"`    // by a caller, of init
	XML       string `json:"xml"`                 // the live definition

	Bound  string   `json:"bound,omitempty"`  // a service that ends with the container
	Passed []string `json:"passed,omitempty"` // the names of the descriptors that init was passed
	Owner  string   `json:"owner,omitempty"`  // the run ends with its owner

	Links []Link `json:"links,omitempty"` // of the interfaces, on the host
	NICs  []NIC  `json:"nics,omitempty"`  // of the host

	Plug       *Plug     `json:"plug,omitempty"`        // a change of the devices that goes on
	Devices    []Device  `json:"devices,omitempty"`     // disks and devices of the host
	Mounted    []Mounted `json:"mounted,omitempty"`     // file systems that were attached to it
	KeepsLoops bool      `json:"keeps_loops,omitempty"` // its system calls that would change the loop devices of its disks are filtered

	Label      Label `json:"label,omitzero"`
	Relabelled bool  `json:"relabelled,omitempty"` // trees have it, and are restored at the end

	Ports []Forward `json:"ports,omitempty"` // of the host, which are forwarded to the container

	OOMKills uint64 `json:"oom_kills,omitempty"` // processes killed for want of memory, as far as they were told

	// Left, if not nil, waits until machined has forgotten the machine, which has begun already.
	Left func() error `json:"-"`

	// Final says that the note has its final state already, and that the previous run has made room for this one.
	Final bool `json:"-"`

	// Others are the fields of a newer daemon's note, kept as they are.
	Others map[string]json.RawMessage `json:"-"`
}

// Scope is the unit that a container runs in.
type Scope struct {
	Name        string
	Slice       string
	Description string
	PID         uint32        // of the supervisor, its first process
	StopTimeout time.Duration // how long systemd waits for the scope to end before it kills
	Plan        plan.Scope
}

// Scopes is systemd, as far as it makes and stops transient scope units.
type Scopes interface {
	// Names returns the names of the unit and the slice for a machine in a partition.
	Names(machine, partition string) (unit, slice string)
	// Start returns when the process is in its scope. made is true if systemd is known to have made the unit:
	// the caller must stop it then, also after an error. It does not touch a unit of this name that somebody
	// else started.
	Start(ctx context.Context, s Scope) (made bool, err error)
	// SetResources changes the limits of a scope from those of before to those of after. Nothing else of it changes.
	SetResources(ctx context.Context, unit string, before, after *plan.Resources) error
	// Limits returns the limits that a scope has. All numbers are set.
	Limits(ctx context.Context, unit string) (plan.Resources, error)
	// AllowDevice has a scope use a device in the ways of d.Access, and in no others. "" takes the device away. It returns
	// when that is in force.
	AllowDevice(ctx context.Context, unit string, d plan.DeviceAllow) error
	// Tuned reports whether somebody has changed limits of a scope since its start.
	Tuned(unit string) bool
	// Stop ends the scope and returns when its name is free. A missing scope is no error.
	Stop(ctx context.Context, unit string) error
	// Ended returns when the name of a scope without a process is free. gone reports whether the scope's control group
	// is gone. A missing scope is no error.
	Ended(ctx context.Context, unit string, gone func() bool) error
	// AwaitFree returns when a scope that has ended by itself is gone. It stops an active scope without a
	// process. It returns at once if a unit with this name has a process: that one is somebody else's.
	AwaitFree(ctx context.Context, unit string) error
	// StopService has systemd stop a service, unless it is being started. It does not wait for the end. A missing
	// service is no error.
	StopService(ctx context.Context, unit string) error
}

// Machine is a container as it is registered with systemd-machined.
type Machine struct {
	Name   string
	UUID   domain.UUID
	Leader uint32
	Root   string
	Links  []int32 // the indices of the host links by which its interfaces are reached
}

// Registered is a container as systemd-machined reports it.
type Registered struct {
	Name   string
	Unit   string
	Leader uint32
}

// Machines is systemd-machined.
type Machines interface {
	// Register registers a container. It fails if somebody else's machine has the name, and does not touch
	// that machine.
	Register(ctx context.Context, m Machine) error
	// Owns reports whether a name is that of the container's machine: not another's, and not free.
	Owns(ctx context.Context, name string, u domain.UUID) (bool, error)
	// Unregister returns when the name is free. A missing machine is no error. The caller has asked Owns.
	Unregister(ctx context.Context, name string) error
	// Find returns the machine that was registered for a container.
	Find(ctx context.Context, u domain.UUID) (m Registered, found bool, err error)
	// Others returns the machines of other managers that have a directory of the host as their root.
	Others(ctx context.Context) ([]OtherMachine, error)
}

// OtherMachine is a running machine of another manager.
type OtherMachine struct {
	Name    string
	Service string // the manager: systemd-nspawn, libvirt-lxc
	Root    string // the directory on the host
}

// Resources is what the host has of what containers can be limited in.
type Resources interface {
	// Check returns a *domain.Error, which names the element, if the host cannot give a container what its definition asks
	// for.
	Check(d *domain.Def) error
}

// Cgroups is the hierarchy of control groups.
type Cgroups interface {
	// Of returns the group of a supervisor's scope: its path below the hierarchy's root, and its id.
	Of(pid uint32) (path string, id uint64, err error)
	// Open opens a scope's group for one operation. Descriptors that stay open for each of many containers
	// would make every fork slower. It returns fs.ErrNotExist if the group is gone, also if another group
	// has the path now.
	Open(path string, id uint64) (Cgroup, error)
	// ID returns the id of the group that has a path now.
	ID(path string) (uint64, error)
	// Arrival returns a channel that is closed when a process comes into the group of a unit that systemd is about to make
	// in a slice. cancel gives that up. It may never be closed.
	Arrival(slice, unit string) (arrived <-chan struct{}, cancel func())
	// ExpectMove says that processes are about to be moved, so that what the kernel needs for that begins now. It does
	// not wait.
	ExpectMove()
	// Figures returns a reader of figures, which is for one goroutine and one call.
	Figures() FigureReader
	MemoryEvents
}

// FigureReader reads the figures of containers, one after another.
type FigureReader interface {
	// Read enters the figures of a scope's group, as far as the host counts them. It returns fs.ErrNotExist if the group
	// is gone. After any other error some figures may be missing.
	Read(into *figures.Figures, path string, id uint64, want figures.Wanted) error
}

// Cgroup is the control group of one scope. Kill, Freeze, Thaw and Frozen are about the payload only.
type Cgroup interface {
	File() *os.File
	Kill() error
	// End kills every process of the scope, also the supervisor, and returns when they have ended.
	End(ctx context.Context) error
	// AwaitEnd returns when no process of the scope is left.
	AwaitEnd(ctx context.Context) error
	Freeze(ctx context.Context) error
	Thaw() error
	// Frozen reports whether the payload was told to freeze, by this daemon or an earlier one.
	Frozen() (bool, error)
	// Has reports whether the scope's group has an interface file.
	Has(file string) bool
	// InUse returns how many bytes of memory of the scope the kernel cannot take back by dropping what files have in
	// memory, and how many processes and threads it has. A figure is 0 if its controller is missing.
	InUse() (memory, tasks uint64, err error)
	Close() error
}
