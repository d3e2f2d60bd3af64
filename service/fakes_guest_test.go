package service

import (
	"context"
	"io/fs"
	"os"
)

func (s *supervisorFake) HostName() (string, error) {
	if s.over() {
		return "", os.ErrProcessDone
	}
	return s.name, s.d.call("supervisor.HostName")
}

func (s *supervisorFake) MountTable() (string, error) {
	return "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n", s.d.call("supervisor.MountTable")
}

// ReadFile knows what the test has put into the container.
func (s *supervisorFake) ReadFile(_ context.Context, _ Owner, path string, _ int64) ([]byte, error) {
	s.d.mu.Lock()
	text, is := s.inside[path]
	s.d.mu.Unlock()
	if !is {
		return nil, fs.ErrNotExist
	}
	return []byte(text), s.d.call("supervisor.ReadFile")
}
