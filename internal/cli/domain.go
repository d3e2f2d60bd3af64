package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// accepts says by what a command's DOMAIN can be found.
type accepts int

const (
	nameUUIDOrID accepts = iota
	nameOrUUID           // for a container that is off: it has no id, but its name may be a number
)

// target is a container that was found.
type target struct {
	path client.Path
	name string // "" when it was found by uuid and nobody asked yet
}

// noDomainError is the answer for a container that is not there, whatever it was called by.
type noDomainError struct{ given string }

func (e *noDomainError) Error() string { return fmt.Sprintf("failed to get domain '%s'", e.given) }

// domainCommand makes a command about one container.
func (a *app) domainCommand(cmd *cobra.Command, by accepts, fits fitting, run func(context.Context, Daemon, target) error) *cobra.Command {
	about := "`DOMAIN`: name, id or uuid"
	if by == nameOrUUID {
		about = "`DOMAIN`: name or uuid"
	}
	o := &operand{name: "domain", about: about}
	o.add(cmd)
	cmd.Use += " DOMAIN"
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
	a.completeDomain(cmd, fits)
	return cmd
}

// find looks a container up in virsh's order: id, uuid, name.
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

// gone says it the same way when the container was not found and when it ended since it was.
func gone(err error, given string) error {
	switch client.NameOf(err) {
	case contract.ErrorNoSuchContainer, contract.ErrorUnknownObject:
		return &noDomainError{given: given}
	}
	return err
}

// called gives the name of a container.
func (t target) called(ctx context.Context, d Daemon) (string, error) {
	if t.name != "" {
		return t.name, nil
	}
	info, err := d.Info(ctx, t.path)
	return info.Name, err
}

// isUUID reports whether a word has the form of a uuid. It may still be a name.
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
