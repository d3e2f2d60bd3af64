package peers

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/berthd/berth/test/guest"
)

// systemd is one container of berth with systemd as init and a message bus. Whatever the number of a container, it is
// this one. Peers with the same label share it.
type systemd struct {
	berth berth
	label string // the container's name
}

// Prepare defines the container, if no earlier peer has.
func (s *systemd) Prepare(ctx context.Context, _ int) (About, error) {
	about := About{Ready: true, Command: []string{"/bin/true"}}
	if err := s.makeRoot(); err != nil {
		return about, err
	}
	if err := s.berth.connect(&about); err != nil {
		return about, err
	}
	return about, s.berth.define(ctx, s.label, systemdXML(s.label, s.root()))
}

// root returns the container's root directory.
func (s *systemd) root() string { return filepath.Join(s.berth.roots.Work("systemd"), s.label) }

// log returns the file of the messages of the programs that are run for the container.
func (s *systemd) log() string { return s.root() + ".log" }

func (s *systemd) makeRoot() error {
	if err := os.MkdirAll(s.berth.roots.Work("systemd"), 0o700); err != nil {
		return err
	}
	err := os.Mkdir(s.root(), 0o755)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return errors.Join(err, guest.Systemd(s.root()), guest.Bus(s.root()))
}

// Start starts the container unless it runs. It returns when systemd is ready.
func (s *systemd) Start(ctx context.Context, _ int) error {
	if running, err := s.running(); err != nil || running {
		return err
	}
	return logged(ctx, s.log(), "berthctl", "start", "--ready", s.label)
}

// Stop stops the container if it runs.
func (s *systemd) Stop(ctx context.Context, _ int) error {
	if running, err := s.running(); err != nil || !running {
		return err
	}
	return s.berth.Stop(ctx, 0)
}

func (s *systemd) running() (bool, error) {
	var state string
	err := s.berth.containers[0].StoreProperty(berthContainer+".State", &state)
	return state == "running", err
}

func (s *systemd) Explain(int) string { return tail(s.log()) }

func (s *systemd) Close() error { return s.berth.Close() }
