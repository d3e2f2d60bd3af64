package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/domain"
)

// The expected errors of OpenConsole, besides those of every operation.
var (
	ErrConsoleBusy    = errors.New("another client has the console's input")
	ErrTooManyClients = errors.New("the container's consoles have too many clients")
	// ErrTooManyOwnClients is the same for one user's clients.
	ErrTooManyOwnClients = errors.New("the container's consoles have too many clients of yours")
)

// ConsoleOptions say how a client uses a console. Force takes the input from the client that has it, Safe refuses
// a console whose input another has. A client with neither sees the output, and gets the input when it is free.
type ConsoleOptions struct {
	Force    bool
	Safe     bool
	ReadOnly bool   // never get the input
	Framed   bool   // the connection has the packets of internal/console, not bare bytes
	From     uint64 // how many bytes of the output the client has already; the kept ones of the rest are sent first
	Window   Window
	User     uint32 // whose client it is: the uid and 1, 0 for root's. OpenConsole sets it.
}

// Window is the size of a terminal's window. The zero value leaves it as it is.
type Window struct{ Rows, Columns uint16 }

// OpenConsole connects a client to a console of a running container. The supervisor serves the client, so the
// connection does not need this daemon any more. device is the console's alias; "" means the first one. It
// returns ErrNoConsole, ErrConsoleBusy, ErrTooManyClients, ErrTooManyOwnClients, ErrOldSupervisor, or a StateError if
// the container is off.
func (s *Service) OpenConsole(ctx context.Context, u domain.UUID, device string, o ConsoleOptions) (*os.File, error) {
	c, sup, n, err := s.consoleServer(ctx, u, device)
	if err != nil {
		return nil, err
	}
	ctx, cancel := limited(ctx, supervisorLimit)
	defer cancel()
	o.User = 0
	if by := CallerOf(ctx); !by.Root() {
		o.User = by.UID + 1
	}
	f, err := sup.OpenConsole(ctx, n, o)
	return f, timedOut(ctx, c.ended(opConsole, err))
}

// ResizeConsole sets the size of a console's window. It returns the errors of OpenConsole.
func (s *Service) ResizeConsole(ctx context.Context, u domain.UUID, device string, w Window) error {
	c, sup, n, err := s.consoleServer(ctx, u, device)
	if err != nil {
		return err
	}
	ctx, cancel := limited(ctx, supervisorLimit)
	defer cancel()
	return timedOut(ctx, c.ended(opConsole, sup.ResizeConsole(ctx, n, w)))
}

// consoleNumber finds a console by its alias.
func consoleNumber(have []string, device string) (int, error) {
	n := slices.Index(have, device)
	if device == "" {
		n = 0
	}
	if n < 0 {
		return 0, fmt.Errorf("%w: '%s'; it has %s", ErrNoConsole, device, strings.Join(have, ", "))
	}
	return n, nil
}

// consoleServer returns a container's console by its alias, and the supervisor that serves it: those that the caller
// was permitted to work with.
func (s *Service) consoleServer(ctx context.Context, u domain.UUID, device string) (c *container, sup Supervisor, n int, err error) {
	err = s.chosen(ctx, func() (*container, error) { return s.find(u) }, func(found *container) (err error) {
		c = found
		if n, err = consoleNumber(c.snap.Consoles, device); err != nil {
			return err
		}
		sup, err = c.consoles()
		return err
	})
	return c, sup, n, err
}

// consoles returns the supervisor that serves the consoles. The caller holds mu.
func (c *container) consoles() (Supervisor, error) {
	if _, err := allow(opConsole, &c.snap); err != nil {
		return nil, err
	}
	switch {
	case c.supervisor == nil:
		return nil, fmt.Errorf("%w: %w", ErrTimeout, errNotAnswering)
	case c.wire < EntryWire:
		return nil, ErrOldSupervisor
	}
	return c.supervisor, nil
}
