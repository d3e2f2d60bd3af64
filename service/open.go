package service

import (
	"context"
	"os"

	"github.com/berthd/berth/internal/domain"
)

// Namespaces opens namespaces of a container's init. A kind is a name in /proc/PID/ns. It returns a StateError if the
// container does not run.
func (s *Service) Namespaces(ctx context.Context, u domain.UUID, kinds []string) (files []*os.File, err error) {
	c, sup, err := s.answering(ctx, u, opOpen)
	if err != nil {
		return nil, err
	}
	for _, kind := range kinds {
		f, err := sup.Namespace(kind)
		if err != nil {
			closeAll(files)
			return nil, c.ended(opOpen, err)
		}
		files = append(files, f)
	}
	return files, nil
}

// LeaderPIDFD opens a container's init as a pidfd (pidfd_open(2)). It returns a StateError if the container does not
// run.
func (s *Service) LeaderPIDFD(ctx context.Context, u domain.UUID) (*os.File, error) {
	c, sup, err := s.answering(ctx, u, opOpen)
	if err != nil {
		return nil, err
	}
	f, err := sup.LeaderPIDFD()
	return f, c.ended(opOpen, err)
}
