package service

import (
	"maps"
	"slices"
	"sync"

	"github.com/berthd/berth/internal/domain"
)

// autostartsFake has the names of the containers that start with the host, and those that this boot has still to start.
type autostartsFake struct {
	mu      sync.Mutex
	names   map[string]bool
	booted  bool
	pending map[domain.UUID]bool
}

func (f *autostartsFake) set(name string, on bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.names == nil {
		f.names = map[string]bool{}
	}
	if delete(f.names, name); on {
		f.names[name] = true
	}
	return nil
}

func (f *autostartsFake) move(from, to string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.names[from] && to != "" {
		f.names[to] = true
	}
	delete(f.names, from)
}

func (d runsFake) Autostart(list []domain.UUID) ([]domain.UUID, error) {
	if err := d.call("runs.Autostart"); err != nil {
		return nil, err
	}
	f := &d.autostarts
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.booted {
		f.booted, f.pending = true, map[domain.UUID]bool{}
		for _, u := range list {
			f.pending[u] = true
		}
	}
	return slices.Collect(maps.Keys(f.pending)), nil
}

func (d runsFake) Autostarted(u domain.UUID) error {
	err := d.call("runs.Autostarted")
	d.autostarts.mu.Lock()
	defer d.autostarts.mu.Unlock()
	delete(d.autostarts.pending, u)
	return err
}
