package service

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/guest"
)

// HostName returns the host name that a running container has now. It returns a StateError if the container does not
// run.
func (s *Service) HostName(ctx context.Context, u domain.UUID) (string, error) {
	c, sup, err := s.answering(ctx, u, opLook)
	if err != nil {
		return "", err
	}
	name, err := sup.HostName()
	return name, c.ended(opLook, err)
}

// FileSystems returns those of a running container that hold files, as its init sees them. It returns a StateError if
// the container does not run.
func (s *Service) FileSystems(ctx context.Context, u domain.UUID) ([]guest.FileSystem, error) {
	c, sup, err := s.answering(ctx, u, opLook)
	if err != nil {
		return nil, err
	}
	table, err := sup.MountTable()
	if err != nil {
		return nil, c.ended(opLook, err)
	}
	return guest.ParseMounts(table)
}

// GuestInterfaces returns the links of a running container with their addresses, as the container sees them. Without a
// network namespace of its own these are the host's. It returns a StateError if the container does not run.
func (s *Service) GuestInterfaces(ctx context.Context, u domain.UUID) ([]guest.Interface, error) {
	c, sup, err := s.answering(ctx, u, opLook)
	if err != nil {
		return nil, err
	}
	netns, err := sup.Namespace("net")
	if err != nil {
		return nil, c.ended(opLook, err)
	}
	defer func() { _ = netns.Close() }()
	return s.Links.Addresses(netns)
}

// Release returns what the system in a running container says of itself; nothing if it has no such file. It returns a
// StateError if the container does not run, and ErrTimeout if a file system of the container does not answer.
func (s *Service) Release(ctx context.Context, u domain.UUID) (guest.Release, error) {
	for _, path := range guest.ReleaseFiles() {
		text, err := s.readGuest(ctx, u, path)
		if err != nil {
			return nil, err
		}
		if text != nil {
			return guest.ParseRelease(string(text)), nil
		}
	}
	return guest.Release{}, nil
}

// TimeZone returns the time zone of the system in a running container; UTC if it says none. Its errors are Release's,
// and that of a file that is none of time zones.
func (s *Service) TimeZone(ctx context.Context, u domain.UUID) (Zone, error) {
	file, err := s.readGuest(ctx, u, guest.ZoneFile)
	if err != nil {
		return Zone{}, err
	}
	return zoneAt(file, s.Now())
}

// readGuest reads a file of a running container; nothing if there is none.
func (s *Service) readGuest(ctx context.Context, u domain.UUID, path string) ([]byte, error) {
	c, sup, err := s.answering(ctx, u, opLook)
	if err != nil {
		return nil, err
	}
	ctx, cancel := limited(ctx, supervisorLimit)
	defer cancel()
	c.mu.Lock()
	live := c.live
	c.mu.Unlock()
	if live == nil {
		return nil, c.ended(opLook, os.ErrProcessDone)
	}
	text, err := sup.ReadFile(ctx, rootOf(live), path, guest.MostFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, timedOut(ctx, c.ended(opLook, err))
}
