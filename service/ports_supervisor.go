package service

import (
	"context"
	"os"
	"syscall"

	"github.com/berthd/berth/internal/plan"
)

// Presence says whether a supervisor that an earlier daemon started still exists.
type Presence int

// The presences. Only Gone ever ends a run.
const (
	Unknown Presence = iota // it does not answer, or its answer cannot be understood
	Alive
	Gone // the kernel says so
)

// Supervisors starts and finds supervisors.
type Supervisors interface {
	// Namespace opens a namespace that belongs to no container: that of a process, or one with a name.
	Namespace(j plan.Join) (*os.File, error)
	// Begin gives a run a supervisor, which knows nothing of its container yet, and the socket by which a later daemon
	// finds it.
	Begin(runDir string) (Starting, error)
	// CheckPassed returns an error if a descriptor is of no kind that can be passed to a container.
	CheckPassed(f *os.File) error
	// Attach connects to a supervisor that an earlier daemon started. The error says why the presence is
	// Unknown.
	Attach(ctx context.Context, runDir string) (Supervisor, Presence, error)
	// Find looks for the supervisor of a run directory among the host's processes. It is for a run whose
	// note or socket cannot be used.
	Find(runDir string) (Found, bool, error)
	// Exit reads the exit status that a supervisor wrote into its directory. found is false if it wrote none.
	Exit(runDir string) (end End, found bool, err error)
	// Console returns the output of a console. It returns fs.ErrNotExist if the run had none.
	Console(runDir string, n int) ([]byte, error)
	// Wire returns the version of the protocol that new supervisors speak.
	Wire() int
}

// Found is a supervisor among the host's processes.
type Found struct {
	PID  uint32
	Name string // of its container
}

// Starting is a supervisor before it executes init.
type Starting interface {
	PID() uint32
	// Hold has the supervisor hold a descriptor under a name as long as it lives, from Prepare on. If the start is given
	// up before, the descriptor is closed.
	Hold(name string, f *os.File)
	// Prepare sends the supervisor the plan, the namespaces of p.Join and the descriptors for init, each in their order.
	// The caller still has to close those. What serves images is put into the container's slice. Prepare returns an error
	// if a device does not answer before ctx ends.
	Prepare(ctx context.Context, name, slice string, p *plan.Plan, shared, passed []*os.File) error
	// Place tells the supervisor that it is in its scope. It returns when init is in the payload's part of
	// the scope.
	Place(ctx context.Context, scope *os.File) error
	// Leader returns init's pid on the host, 0 before Place.
	Leader() uint32
	// Namespace opens a namespace of init, which is there from Place on. kind is that of plan.Join.
	Namespace(kind string) (*os.File, error)
	// Continue lets init execute and returns when it has.
	Continue(ctx context.Context) (Supervisor, error)
	// HangUp gives the start up: the supervisor ends init and itself. Failure still gets its last message.
	HangUp()
	// Failure returns the error that the supervisor sent, nil if it sent none. It is final once Done is closed.
	//
	// It is ErrKilled if a signal ended the supervisor that Kill did not send.
	Failure() error
	Done() <-chan struct{}
	Kill() error
}

// Supervisor is a supervisor whose init runs.
type Supervisor interface {
	PID() uint32
	Leader() uint32
	// Namespace opens a namespace of init. kind is that of plan.Join. It returns os.ErrProcessDone if init
	// has ended.
	Namespace(kind string) (*os.File, error)
	// OpenConsole connects a client to a console. It returns os.ErrProcessDone if the supervisor has ended.
	OpenConsole(ctx context.Context, n int, o ConsoleOptions) (*os.File, error)
	// ResizeConsole sets the size of a console's window. It returns os.ErrProcessDone if the supervisor has ended.
	ResizeConsole(ctx context.Context, n int, w Window) error
	// LeaderPIDFD opens init as a pidfd. It returns os.ErrProcessDone if init has ended.
	LeaderPIDFD() (*os.File, error)
	// Terminate asks init to end, with a signal that init understands. Init is killed if there is none. It
	// is no error if init has ended already.
	Terminate() error
	// Ask asks init to end or to reboot. It returns when init was asked. It returns ErrNotAsked if init cannot be
	// asked in these ways, and no error if init has ended. It needs EntryWire.
	Ask(ctx context.Context, r Request) error
	// Exec executes a command in the container. stdio are its standard input, output and error. Without them it gets
	// a terminal or pipes, and the Execution has their other ends. The caller still has to close stdio. It returns a
	// *CommandError if the command was not executed, and os.ErrProcessDone if the supervisor has ended.
	Exec(ctx context.Context, c Command, stdio []*os.File) (Execution, error)
	// Executions returns the commands that are not forgotten, also of an earlier daemon: those once Attach has returned.
	Executions() []Execution
	// Signal sends a signal to init. It is no error if init has ended already.
	Signal(sig syscall.Signal) error
	// SignalInside sends a signal to a process by its pid in the container. It returns ErrNoProcess if there is none,
	// and os.ErrProcessDone if the supervisor has ended.
	SignalInside(ctx context.Context, pid uint32, sig syscall.Signal) error
	Insides
	GuestReader
	// Asked is closed when systemd has ordered the container's end. The supervisor has asked init by then.
	Asked() <-chan struct{}
	// Exited is closed when the supervisor has said how init ended. It has no more to do then.
	Exited() <-chan struct{}
	// Done is closed when the supervisor is gone. End then says how init ended.
	Done() <-chan struct{}
	End() End
	// Noticed gets a token when init has said something. Notice then says what.
	Noticed() <-chan struct{}
	Notice() Notice
	// TakeKept returns the descriptors of init that came with its end, and makes them the caller's.
	TakeKept() []Kept
	// Kill ends the supervisor, not its container.
	Kill() error
	// Close closes the connection. The supervisor and its container go on.
	Close() error
}

// Request says for what and how init is to be asked. The initctl FIFO is tried before a signal.
type Request struct {
	Reboot  bool // not: end
	Initctl bool
	Signal  bool
}

// End is how a run ended. Known is false if the supervisor ended without a message. Asked is true if systemd
// ordered the end. OOMKills is how many processes the kernel has killed for want of memory in the run. OutOfMemory is
// true if init ended by that, which resultOf finds out.
type End struct {
	Known       bool
	Asked       bool
	Exit        Exit
	OOMKills    uint64
	OutOfMemory bool
}

// Reboot reports whether init ended by reboot(2), which kills it with SIGHUP (reboot(2), "Behavior
// inside PID namespaces").
func (e End) Reboot() bool {
	return e.Known && e.Exit.Kind == ExitKilled && e.Exit.Code == int32(syscall.SIGHUP)
}
