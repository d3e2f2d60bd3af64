package service

import (
	"os"
	"syscall"
)

// Command is what Exec executes.
type Command struct {
	Argv        []string
	Env         []string // added to init's environment; NAME=value
	Dir         string   // empty: /
	User, Group string   // names or numbers in the container; empty: root, and the user's group
	// Terminal gives the command a terminal of this size. 0 leaves the size open.
	Terminal      bool
	Rows, Columns uint32
	NoLabel       bool // it does not get the container's security label
	// Soon is for a caller who waits for the end. A command that ends at once is over when Exec returns, and was never in
	// the registry.
	Soon bool
}

// CommandError says why a command was not executed.
type CommandError struct {
	Text   string
	Status uint32 // the exit status that a shell would have: 127 if the command is missing, otherwise 126
	Err    error
}

func (e *CommandError) Error() string { return e.Text }
func (e *CommandError) Unwrap() error { return e.Err }

// Execution is a command in a container, from its execution on.
type Execution interface {
	ID() uint32 // 1, 2, ... in a run
	PID() uint32
	Name() string // Argv[0]
	// Ends returns the master of the terminal, or the other ends of the pipes for input, output and error. The caller
	// closes them.
	Ends() []*os.File
	// Over is closed when the command has ended, or its supervisor.
	Over() <-chan struct{}
	// Exit is how it ended. It is final once Over is closed. Its Kind is empty if nobody knows.
	Exit() Exit
	// Signal and Resize do nothing once the command has ended.
	Signal(sig syscall.Signal) error
	Resize(rows, columns uint32) error
	// Forget says that nobody will ask for its end again.
	Forget() error
}
