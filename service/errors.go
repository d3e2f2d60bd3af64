package service

import (
	"errors"
	"fmt"

	"github.com/berthd/berth/internal/domain"
)

// The expected errors. dbusapi maps each to a D-Bus error name.
var (
	ErrNoContainer  = errors.New("no such container")
	ErrNoConsole    = errors.New("no such console")
	ErrShuttingDown = errors.New("the daemon is shutting down")
	ErrTransient    = errors.New("the container is transient")
	ErrTimeout      = errors.New("timed out")
	ErrNoDefinition = errors.New("no stored definition")
)

// StateError refuses an operation that the container's state does not allow.
type StateError struct {
	Op    string
	Name  string
	State State
}

func (e *StateError) Error() string {
	switch {
	case e.State == StateShutoff:
		return "domain is not running"
	case e.Op == "start" || e.Op == "create":
		return "domain is already active"
	}
	return fmt.Sprintf("%s is not possible while the domain is %s", e.Op, e.State)
}

// ExistsError refuses a definition whose name or uuid another container has.
type ExistsError struct {
	Name string
	UUID domain.UUID
}

func (e *ExistsError) Error() string {
	return fmt.Sprintf("domain '%s' already exists with uuid %s", e.Name, e.UUID)
}

// StartError says which step of a start failed; everything is undone.
type StartError struct {
	Step string
	Err  error
}

func (e *StartError) Error() string { return e.Step + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *StartError) Unwrap() error { return e.Err }
