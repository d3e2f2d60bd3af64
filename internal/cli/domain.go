package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// accepts says how a command's DOMAIN can name a container.
type accepts int

const (
	nameUUIDOrID accepts = iota
	nameOrUUID           // for a container that is shut off: it has no id, but its name may be a number
)

// target is a container that was found.
type target struct {
	path client.Path
	name string // "" if it was found by its uuid and its name is not known yet
}

// noDomainError is returned if no container has the given name, id or uuid.
type noDomainError struct{ given string }

func (e *noDomainError) Error() string { return fmt.Sprintf("failed to get domain '%s'", e.given) }

// domainCommand completes a command that acts on one container. It may have more operands.
func (a *app) domainCommand(cmd *cobra.Command, by accepts, fits fitting, run func(context.Context, Daemon, target) error, more ...*operand) *cobra.Command {
	about := "`DOMAIN`: name, id or uuid"
	if by == nameOrUUID {
		about = "`DOMAIN`: name or uuid"
	}
	o := &operand{name: "domain", about: about, complete: a.completeDomain(fits)}
	addOperands(cmd, append([]*operand{o}, more...)...)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		d, err := a.connect(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = d.Close() }()
		t, err := find(ctx, d, o.value, by)
		if err != nil {
			return err
		}
		return gone(run(ctx, d, t), o.value)
	}
	return cmd
}

// find looks a container up by its id, uuid and name, in that order as virsh does. It returns a
// *noDomainError if there is none.
func find(ctx context.Context, d Daemon, given string, by accepts) (target, error) {
	if id, err := strconv.ParseUint(given, 10, 32); err == nil && by == nameUUIDOrID {
		t, found, err := findID(ctx, d, uint32(id))
		if err != nil || found {
			return t, err
		}
	}
	if isUUID(given) {
		path, err := d.ByUUID(ctx, given)
		if client.NameOf(err) != contract.ErrorNoSuchContainer {
			return target{path: path}, err
		}
	}
	path, err := d.ByName(ctx, given)
	return target{path: path, name: given}, gone(err, given)
}

func findID(ctx context.Context, d Daemon, id uint32) (t target, found bool, err error) {
	rows, err := d.List(ctx, client.Filter{})
	if err != nil {
		return target{}, false, err
	}
	for _, row := range rows {
		if row.ID == id && id != 0 {
			return target{path: row.Path, name: row.Name}, true, nil
		}
	}
	return target{}, false, nil
}

// gone returns a *noDomainError if err says that the container does not exist, or no longer does. It
// returns any other err unchanged.
func gone(err error, given string) error {
	switch client.NameOf(err) {
	case contract.ErrorNoSuchContainer, contract.ErrorUnknownObject:
		return &noDomainError{given: given}
	}
	return err
}

// called returns the name of the container.
func (t target) called(ctx context.Context, d Daemon) (string, error) {
	if t.name != "" {
		return t.name, nil
	}
	info, err := d.Info(ctx, t.path)
	return info.Name, err
}

// isUUID reports whether a word has the form of a uuid. A container's name may have that form too.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
				return false
			}
		}
	}
	return true
}
