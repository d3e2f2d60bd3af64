package service

import (
	"maps"

	"github.com/berthd/berth/internal/domain"
)

type definitionsFake struct{ *daemon }

func (d definitionsFake) Save(def *domain.Def) error {
	if err := d.call("definitions.Save"); err != nil {
		return err
	}
	d.definitions[def.Name] = def
	return nil
}

func (d definitionsFake) Remove(name string) error {
	err := d.call("definitions.Remove")
	delete(d.definitions, name)
	d.autostarts.move(name, "")
	d.once.move(name, "")
	return err
}

func (d definitionsFake) Rename(def *domain.Def, old string) error {
	if err := d.call("definitions.Rename"); err != nil {
		return err
	}
	delete(d.definitions, old)
	d.definitions[def.Name] = def
	d.autostarts.move(old, def.Name)
	d.once.move(old, def.Name)
	return nil
}

func (d definitionsFake) Load() (l []*domain.Def, bad []Unreadable, err error) {
	for _, def := range d.definitions {
		l = append(l, def)
	}
	return l, d.bad, nil
}

func (d definitionsFake) SetAutostart(name string, on bool) error {
	if err := d.call("definitions.SetAutostart"); err != nil {
		return err
	}
	return d.autostarts.set(name, on)
}

func (d definitionsFake) SetAutostartOnce(name string, on bool) error {
	if err := d.call("definitions.SetAutostartOnce"); err != nil {
		return err
	}
	return d.once.set(name, on)
}

func (d definitionsFake) AutostartsOnce() (map[string]bool, error) {
	d.once.mu.Lock()
	defer d.once.mu.Unlock()
	return maps.Clone(d.once.names), nil
}

func (d definitionsFake) Autostarts() (map[string]bool, error) {
	err := d.call("definitions.Autostarts")
	d.autostarts.mu.Lock()
	defer d.autostarts.mu.Unlock()
	return maps.Clone(d.autostarts.names), err
}
