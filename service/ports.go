package service

import (
	"context"
	"os"
	"syscall"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/internal/plan"
)

// Observer is told of every change, in order per container, after it is true. It must not block.
// before is nil for a new container, after is nil for one that is gone; event is nil for a change
// that is no life-cycle event.
type Observer interface {
	Changed(before, after *Snapshot, event *events.Event)
}

// Definitions keeps the persistent definitions. Save and Remove return when the change would
// survive a power loss.
type Definitions interface {
	Save(d *domain.Def) error
	Remove(name string) error
	// Load gives all that can be read; what cannot was reported and set aside.
	Load() ([]*domain.Def, error)
}

// Runs keeps the live state of containers, over a restart of the daemon but not of the host.
type Runs interface {
	// Create makes a run's directory, empty.
	Create(u domain.UUID) (dir string, err error)
	Save(r Run) error
	// Dir and LastDir are the directories of the run and of what the latest run before left.
	Dir(u domain.UUID) string
	LastDir(u domain.UUID) string
	// Load gives every run that was not archived, Last those that were.
	Load() ([]Run, error)
	Last(u domain.UUID) (r Run, found bool, err error)
	// Archive sets the run aside as the last one; its consoles can still be read.
	Archive(u domain.UUID) error
	// Forget removes all that is kept of a container.
	Forget(u domain.UUID) error
}

// Run is what must be known of a live container after a restart of the daemon.
type Run struct {
	UUID     domain.UUID `json:"-"`
	State    State       `json:"state"`
	Reason   Reason      `json:"reason"`
	Changed  time.Time   `json:"changed"`
	Started  time.Time   `json:"started"`
	Machine  string      `json:"machine"`
	Unit     string      `json:"unit"`
	Slice    string      `json:"slice"`
	Group    string      `json:"group"` // the scope's control group
	LastExit Exit        `json:"last_exit"`
	// What was ordered, noted before it is done: a daemon that comes after a crash finishes it.
	Stopping  bool   `json:"stopping,omitempty"`  // by systemd
	Destroyed bool   `json:"destroyed,omitempty"` // by a caller
	XML       string `json:"xml"`                 // the live definition
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

// Scopes are transient units, systemd's side of a container.
type Scopes interface {
	// Names gives the unit's and the slice's name of a machine in a partition.
	Names(machine, partition string) (unit, slice string)
	// Start returns when the process is in its scope. When it fails nothing of the scope is left, and
	// a unit of another that has the name is as it was.
	Start(ctx context.Context, s Scope) error
	// Stop ends the scope and returns when its name is free; there being none is no error.
	Stop(ctx context.Context, unit string) error
}

// Machine is what systemd-machined is told of a container.
type Machine struct {
	Name   string
	UUID   domain.UUID
	Leader uint32
	Root   string
}

// Machines is systemd-machined.
type Machines interface {
	// Register fails when the name is another's; that machine is as it was.
	Register(ctx context.Context, m Machine) error
	// Unregister returns when the name is free; there being none is no error.
	Unregister(ctx context.Context, name string) error
}

// Groups are control groups.
type Groups interface {
	// Of finds the scope's group of a supervisor, as a path below the hierarchy's root.
	Of(pid uint32) (string, error)
	// Open opens a scope, for one operation: what is kept open for each of many containers makes
	// every fork slower.
	Open(path string) (Group, error)
}

// Group is one container's scope. All but End and File are of its payload only.
type Group interface {
	File() *os.File
	Kill() error
	// End kills every process of the scope, its supervisor too, and returns when they have ended.
	End(ctx context.Context) error
	Freeze(ctx context.Context) error
	Thaw() error
	// Frozen says whether it was frozen last, or thawed.
	Frozen() (bool, error)
	AwaitEmpty(ctx context.Context) error
	Stats() (Stats, error)
	Close() error
}

// Supervisors starts and finds the per-container processes.
type Supervisors interface {
	// Namespace opens one that is no container's: a process's, or one with a name.
	Namespace(j plan.Join) (*os.File, error)
	// Spawn starts one and gives it the plan, and the namespaces of p.Join in its order, which stay
	// the caller's; a device that does not answer is left when ctx ends.
	Spawn(ctx context.Context, name, runDir string, p *plan.Plan, shared []*os.File) (Supervisor, error)
	// Attach connects to a supervisor that an earlier daemon started, if it is still there.
	Attach(ctx context.Context, runDir string) (s Supervisor, found bool, err error)
	// Exit gives the status that a supervisor left in its directory, if it did.
	Exit(runDir string) (end End, found bool, err error)
	// Console reads what a console printed; fs.ErrNotExist when the run had none.
	Console(runDir string, n int) ([]byte, error)
}

// Supervisor is one such process.
type Supervisor interface {
	PID() uint32
	// Place tells it that it is in its scope; it returns when init is in its part of it.
	Place(ctx context.Context, scope *os.File) error
	// Continue lets init execute and returns when it has.
	Continue(ctx context.Context) error
	Leader() uint32
	// Namespace opens init's of a kind, as of plan.Join; os.ErrProcessDone when init has ended.
	Namespace(kind string) (*os.File, error)
	// Terminate asks init to end, in the words that it understands; one that understands none is
	// killed. That it has ended already is no error.
	Terminate() error
	// Failure is what it said of a start that it could not carry out, nil when it said nothing, or
	// only that it was told to end.
	Failure() error
	// Done is closed when the supervisor is gone; End then says what became of init.
	Done() <-chan struct{}
	End() End
	// Kill ends the supervisor itself.
	Kill() error
	Close() error
}

// End is how a run ended. Known is false when the supervisor went without a word; Asked is true when
// systemd had told it to end and nobody of us was there to be asked.
type End struct {
	Known bool
	Asked bool
	Exit  Exit
}

// Reboot reports whether init ended by reboot(2), which kills it with SIGHUP (reboot(2), "Behavior
// inside PID namespaces").
func (e End) Reboot() bool {
	return e.Known && e.Exit.Kind == ExitKilled && e.Exit.Code == int32(syscall.SIGHUP)
}
