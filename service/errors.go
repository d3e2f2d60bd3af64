package service

import (
	"errors"
	"fmt"
	"os"

	"github.com/berthd/berth/internal/domain"
)

// The expected errors. dbusapi maps each one to a D-Bus error name.
var (
	ErrNoContainer  = errors.New("no such container")
	ErrNoConsole    = errors.New("no such console")
	ErrShuttingDown = errors.New("the daemon is shutting down")
	ErrTransient    = errors.New("the container is transient")
	ErrTimeout      = errors.New("timed out")
	ErrNoDefinition = errors.New("no stored definition")
	ErrNotAsked     = errors.New("init cannot be asked")
	ErrChanged      = errors.New("its definition was changed meanwhile")
	ErrRestless     = errors.New("the container changed again and again while its caller waited to be authorized")
	ErrUnreadable   = errors.New("the stored definition cannot be read")
)

// ErrKilled says that a signal ended a supervisor before init ran, and not by our doing.
var ErrKilled = errors.New("the supervisor ended unexpectedly")

// errNotAnswering says that a container's supervisor cannot be asked.
var errNotAnswering = errors.New("the container's supervisor does not answer")

// errNotFound says that neither a note nor the kernel tells where a container's processes are.
var errNotFound = errors.New("the container's processes cannot be found: its state in /run/berth is damaged, and its supervisor does not answer")

// StateKind says why a state does not allow an operation.
type StateKind int

// The kinds of a StateError.
const (
	NotNow         StateKind = iota // the container is on, but in the wrong state
	NotRunning                      // the container is off
	AlreadyRunning                  // the container is on
)

// StateError says that the container's state does not allow an operation.
type StateError struct {
	Kind  StateKind
	Op    string
	Name  string
	State State
	Unit  string // the service that the container runs for, if that is why
}

func (e *StateError) Error() string {
	switch e.Kind {
	case NotRunning:
		return "domain is not running"
	case AlreadyRunning:
		if e.Unit != "" {
			return "domain is already active for " + e.Unit
		}
		return "domain is already active"
	case NotNow:
		if e.Op == string(opExec) && e.State == StatePaused {
			return "exec is not possible while the domain is paused; resume it first"
		}
	}
	return fmt.Sprintf("%s is not possible while the domain is %s", e.Op, e.State)
}

// ended returns a StateError if err says that the supervisor or init has ended meanwhile, and any other err unchanged.
func (c *container) ended(op operation, err error) error {
	if errors.Is(err, os.ErrProcessDone) {
		return &StateError{Kind: NotRunning, Op: string(op), Name: c.snapshot().Name, State: StateShutoff}
	}
	return err
}

// ExistsError says that another container has the name or the uuid of a definition.
type ExistsError struct {
	Name string
	UUID domain.UUID
}

func (e *ExistsError) Error() string {
	return fmt.Sprintf("domain '%s' already exists with uuid %s", e.Name, e.UUID)
}

// StartError says which step of a start failed. Everything is undone, unless a process does not end. Then the
// container is stopping until that has ended.
type StartError struct {
	Step string
	Err  error
}

func (e *StartError) Error() string { return e.Step + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *StartError) Unwrap() error { return e.Err }
