package service

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
)

// Options can reach further than what they are options of. Who gives one must have the right to what it reaches, too.

// mayStart asks whether the caller may start a container with these options: berthd stops the unit later, as root, and
// a file of the host that is passed can be opened anew, for writing, by a container whose root is the host's. It
// returns the container that it asked about.
func (s *Service) mayStart(ctx context.Context, u domain.UUID, o StartOptions) (now Subject, err error) {
	permit := permitOf(ctx)
	now = s.Subject(u)
	if permit == nil {
		return now, nil
	}
	if o.Unit != "" {
		if err := permit.Also(contract.ActionAdmin, Subject{}, Subject{}); err != nil {
			return now, fmt.Errorf("the unit that ends with it: %s: %w", contract.ActionAdmin, err)
		}
	}
	if now.PrivateUsers || !slices.ContainsFunc(o.Passed, func(p Passed) bool { return isRegular(p.File) }) {
		return now, nil
	}
	if err := permit.Also(contract.ActionNamespaces, now, Subject{UUID: u}); err != nil {
		return now, fmt.Errorf("a file for a container whose root is the host's: %s: %w", contract.ActionNamespaces, err)
	}
	return now, nil
}

// isRegular reports whether a descriptor is of a file with bytes. One that cannot be looked at counts as one.
func isRegular(f *os.File) bool {
	info, err := f.Stat()
	return err != nil || info.Mode().IsRegular()
}

// mayExec asks whether the caller may execute a command like this: without the container's label, which is what keeps
// it in there; or with a file of the host, which a container whose root is the host's can write to, or give to root
// with the bits of a set-user-ID program, wherever the caller has it.
func (s *Service) mayExec(ctx context.Context, u domain.UUID, command Command, stdio []*os.File) error {
	permit := permitOf(ctx)
	if permit == nil {
		return nil
	}
	now := s.Subject(u)
	if command.NoLabel {
		if err := permit.Also(contract.ActionAdmin, now, Subject{UUID: u}); err != nil {
			return fmt.Errorf("without the container's label: %s: %w", contract.ActionAdmin, err)
		}
	}
	if now.PrivateUsers || !slices.ContainsFunc(stdio, isRegular) {
		return nil
	}
	if err := permit.Also(contract.ActionNamespaces, now, Subject{UUID: u}); err != nil {
		return fmt.Errorf("a file, not a pipe, for a container whose root is the host's: %s: %w", contract.ActionNamespaces, err)
	}
	return nil
}
