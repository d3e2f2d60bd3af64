package service

import (
	"errors"
	"fmt"

	"github.com/berthd/berth/internal/domain"
)

// The expected errors about networks. dbusapi maps each one to a D-Bus error name.
var (
	ErrNoNetwork      = errors.New("no network")
	ErrLinkTaken      = errors.New("the host has another interface of this name")
	ErrForeignNetwork = errors.New("the network is not Berth's")
)

// noNetwork is ErrNoNetwork, in libvirt's words.
func noNetwork(name string) error {
	return fmt.Errorf("%w with matching name '%s'", ErrNoNetwork, name)
}

// NetworkStateError says that a network is active, or is not, and so an operation is not possible.
type NetworkStateError struct {
	Name   string
	Active bool
}

func (e *NetworkStateError) Error() string {
	if e.Active {
		return fmt.Sprintf("network '%s' is already active", e.Name)
	}
	return fmt.Sprintf("network '%s' is not active: start it with \"berthctl net-start %s\"", e.Name, e.Name)
}

// NetworkExistsError says that another network has the name, the uuid or the bridge of a definition.
type NetworkExistsError struct {
	Name, UUID string
	Bridge     string // set if it is the bridge that is the same
}

func (e *NetworkExistsError) Error() string {
	if e.Bridge != "" {
		return fmt.Sprintf("network/bridge@name: network '%s' has the bridge %s", e.Name, e.Bridge)
	}
	return fmt.Sprintf("network '%s' already exists with uuid %s", e.Name, e.UUID)
}

// netConflict is a definition that cannot be on this host.
func netConflict(element, format string, args ...any) error {
	return domain.NewError(domain.InvalidConfig, element, 0, fmt.Sprintf(format, args...))
}
