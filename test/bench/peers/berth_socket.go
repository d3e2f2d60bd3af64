package peers

import (
	"context"
	"os"
	"path/filepath"
)

// socketBerth is berth's containers as they are started by the first connection to a socket of the host's systemd.
type socketBerth struct{ berth berth }

func (s *socketBerth) Prepare(ctx context.Context, count int) (About, error) {
	about, err := s.berth.Prepare(ctx, count)
	if err != nil {
		return about, err
	}
	if err := os.MkdirAll(s.berth.roots.Work("berth"), 0o700); err != nil {
		return about, err
	}
	start := []string{"systemctl", "start"}
	for id := range count {
		if _, err := run(ctx, "berthctl", "socket-unit", "--no-enable", "--unit", s.unit(id), "--listen", s.socket(id), name(id)); err != nil {
			return about, err
		}
		start = append(start, s.unit(id)+".socket")
	}
	if _, err := run(ctx, "systemctl", "daemon-reload"); err != nil {
		return about, err
	}
	_, err = run(ctx, start...)
	return About{Version: about.Version, Note: "the units of berthctl socket-unit: systemd, `berthctl start --pass-listen-fds`, init"}, err
}

// unit returns the name of a container's units without the suffix.
func (s *socketBerth) unit(id int) string { return "socket-" + name(id) }

func (s *socketBerth) socket(id int) string {
	return filepath.Join(s.berth.roots.Work("berth"), s.unit(id))
}

// Start connects to a container's socket, and returns when init has sent a byte.
func (s *socketBerth) Start(ctx context.Context, id int) error {
	return firstByte(ctx, "unix", s.socket(id))
}

// Stop stops the service. After that the socket listens again.
func (s *socketBerth) Stop(ctx context.Context, id int) error {
	_, err := run(ctx, "systemctl", "stop", s.unit(id)+".service")
	return err
}

func (s *socketBerth) Explain(id int) string { return s.berth.Explain(id) }

func (s *socketBerth) Close() error { return s.berth.Close() }
