package service

import (
	"context"
	"encoding/json"
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
	// Load returns all that can be read, and removes what a daemon that was killed had half written. A
	// definition that cannot be read stays where it is until another is saved under its name.
	Load() (defs []*domain.Def, bad []Unreadable, err error)
}

// Unreadable is a stored definition that cannot be used: damaged, written by a newer version, or in a file
// that cannot be read now.
type Unreadable struct {
	Name string
	Err  error
	Def  *domain.Def // the name, uuid and ids that could be read all the same, nil if none
}

// Runs keeps the notes of runs, over a restart of the daemon but not of the host.
type Runs interface {
	// Create makes a run's directory, empty.
	Create(u domain.UUID) (dir string, err error)
	Save(r Run) error
	// Dir and LastDir are the directories of the run and of what the latest run before left.
	Dir(u domain.UUID) string
	LastDir(u domain.UUID) string
	// Load returns every run that was not archived.
	Load() ([]SavedRun, error)
	// Last returns the latest archived run of a container, LastOnes the containers that have one.
	Last(u domain.UUID) (r Run, found bool, err error)
	LastOnes() ([]domain.UUID, error)
	// Archive sets the run aside as the last one; its consoles can still be read.
	Archive(u domain.UUID) error
	// Discard removes the directory of a run that never began. What the run before left stays.
	Discard(u domain.UUID) error
	// Forget removes all that is kept of a container.
	Forget(u domain.UUID) error
}

// SavedRun is one run directory as an earlier daemon left it. Err says why its note cannot be used:
// fs.ErrNotExist if no note was written. Run has the UUID then, and nothing else.
type SavedRun struct {
	Run Run
	Err error
}

// RunVersion is the version of the notes that this daemon writes. A field is only ever added; its meaning
// never changes, and what an older daemon does not know it keeps. So every daemon can read every note.
const RunVersion = 1

// Run is the note of a run: all that a later daemon needs to go on with it, and to release what it holds.
type Run struct {
	Version  int         `json:"version"`
	UUID     domain.UUID `json:"-"`
	State    State       `json:"state"`
	Reason   Reason      `json:"reason"`
	Changed  time.Time   `json:"changed"`
	Started  time.Time   `json:"started"`
	Machine  string      `json:"machine"`
	Unit     string      `json:"unit"`
	Slice    string      `json:"slice"`
	Group    string      `json:"group"`              // the scope's control group
	GroupID  uint64      `json:"group_id,omitempty"` // its inode, which no other group ever has
	LastExit Exit        `json:"last_exit"`
	// Processes, for those who look at the container while its supervisor cannot be asked. Nothing is done to a
	// process by these numbers: they may be others' by now.
	Supervisor uint32 `json:"supervisor,omitempty"`
	Leader     uint32 `json:"leader,omitempty"`
	Wire       int    `json:"wire,omitempty"` // version of the supervisor's protocol
	// Orders, noted before they are carried out: a daemon that comes after a crash finishes them.
	Stopping  bool   `json:"stopping,omitempty"`  // by systemd
	Destroyed bool   `json:"destroyed,omitempty"` // by a caller
	XML       string `json:"xml"`                 // the live definition

	// MachineOurs, if not nil, gives the answer of Machines.Owns, which was asked for while the run's processes
	// ended. As long as the scope is there, its machine is, too.
	MachineOurs func() (bool, error) `json:"-"`

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

// Scopes are transient units, systemd's side of a container.
type Scopes interface {
	// Names gives the unit's and the slice's name of a machine in a partition.
	Names(machine, partition string) (unit, slice string)
	// Start returns when the process is in its scope. It reports whether systemd is known to have made the
	// unit, which must be stopped then, also after an error. A unit of another that has the name is as it was.
	Start(ctx context.Context, s Scope) (made bool, err error)
	// Stop ends the scope and returns when its name is free. A missing scope is no error.
	Stop(ctx context.Context, unit string) error
	// AwaitFree returns when a scope that has ended by itself is gone. It leaves a unit alone that has the
	// name and has not ended: that one is another's.
	AwaitFree(ctx context.Context, unit string) error
}

// Machine is what systemd-machined is told of a container.
type Machine struct {
	Name   string
	UUID   domain.UUID
	Leader uint32
	Root   string
}

// Registered is a machine of ours as systemd-machined has it.
type Registered struct {
	Name   string
	Unit   string
	Leader uint32
}

// Machines is systemd-machined.
type Machines interface {
	// Register fails when the name is another's; that machine is as it was.
	Register(ctx context.Context, m Machine) error
	// Owns reports whether a name is that of the container's machine: not another's, and not free.
	Owns(ctx context.Context, name string, u domain.UUID) (bool, error)
	// Unregister returns when the name is free. A missing machine is no error. The caller has asked Owns.
	Unregister(ctx context.Context, name string) error
	// Find returns the machine that was registered for a container.
	Find(ctx context.Context, u domain.UUID) (m Registered, found bool, err error)
}

// Cgroups are control groups.
type Cgroups interface {
	// Of finds the scope's group of a supervisor: its path below the hierarchy's root, and its id.
	Of(pid uint32) (path string, id uint64, err error)
	// Open opens a scope's group, for one operation: descriptors kept open for each of many containers
	// make every fork slower. It returns fs.ErrNotExist if the path is that of another group by now.
	Open(path string, id uint64) (Cgroup, error)
	// ID is the id of the group that has a path now.
	ID(path string) (uint64, error)
}

// Cgroup is one container's scope. All but File, End and AwaitEnd are of its payload only.
type Cgroup interface {
	File() *os.File
	Kill() error
	// End kills every process of the scope, its supervisor too, and returns when they have ended.
	End(ctx context.Context) error
	// AwaitEnd returns when no process of the scope is left.
	AwaitEnd(ctx context.Context) error
	Freeze(ctx context.Context) error
	Thaw() error
	// Frozen says whether it was frozen last, or thawed.
	Frozen() (bool, error)
	Stats() (Stats, error)
	Close() error
}

// Presence is what is known of a supervisor that an earlier daemon started.
type Presence int

// Only Gone ever ends a run.
const (
	Unknown Presence = iota // it cannot be told: it does not answer, or in words that we do not know
	Alive
	Gone // the kernel says so
)

// Supervisors starts and finds the per-container processes.
type Supervisors interface {
	// Namespace opens one that is no container's: a process's, or one with a name.
	Namespace(j plan.Join) (*os.File, error)
	// Spawn starts one and gives it the plan, and the namespaces of p.Join in its order, which stay
	// the caller's. A device that does not answer is given up when ctx ends.
	Spawn(ctx context.Context, name, runDir string, p *plan.Plan, shared []*os.File) (Starting, error)
	// Attach connects to a supervisor that an earlier daemon started. The error is why it is Unknown.
	Attach(ctx context.Context, runDir string) (Supervisor, Presence, error)
	// Find looks for the supervisor of a run directory among the host's processes, for a run whose note or
	// socket is of no use.
	Find(runDir string) (Found, bool, error)
	// Exit gives the status that a supervisor left in its directory, if it did.
	Exit(runDir string) (end End, found bool, err error)
	// Console reads what a console printed; fs.ErrNotExist when the run had none.
	Console(runDir string, n int) ([]byte, error)
	// Wire is the version of the protocol that a supervisor speaks which Spawn starts.
	Wire() int
}

// Found is a supervisor among the host's processes.
type Found struct {
	PID  uint32
	Name string // of its container
}

// Starting is a supervisor whose init has not been executed.
type Starting interface {
	PID() uint32
	// Place tells it that it is in its scope; it returns when init is in its part of it.
	Place(ctx context.Context, scope *os.File) error
	// Leader is init, from Place on.
	Leader() uint32
	// Continue lets init execute and returns when it has.
	Continue(ctx context.Context) (Supervisor, error)
	// HangUp tells it that the start is given up: it ends init and itself. What it says can still be heard.
	HangUp()
	// Failure is what it said of a start that it could not carry out by itself; good once Done is closed.
	Failure() error
	Done() <-chan struct{}
	Kill() error
}

// Supervisor is one whose init runs.
type Supervisor interface {
	PID() uint32
	Leader() uint32
	// Namespace opens init's of a kind, as of plan.Join; os.ErrProcessDone when init has ended.
	Namespace(kind string) (*os.File, error)
	// Terminate asks init to end, in the words that it understands; one that understands none is
	// killed. That it has ended already is no error.
	Terminate() error
	// Done is closed when the supervisor is gone; End then says what became of init.
	Done() <-chan struct{}
	End() End
	// Kill ends the supervisor itself, not its container.
	Kill() error
	// Close leaves the supervisor and its container alone.
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
