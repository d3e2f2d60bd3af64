package service

import "github.com/berthd/berth/internal/domain"

// Definitions keeps the persistent definitions. Save and Remove return when the change survives a power
// loss.
type Definitions interface {
	Save(d *domain.Def) error
	Remove(name string) error
	// Rename stores a definition under its name, and no longer under the old one.
	Rename(d *domain.Def, old string) error
	// SetAutostart says whether a container starts with the host. Remove and Rename take care of that, too.
	SetAutostart(name string, on bool) error
	// SetAutostartOnce is the same for the next boot only.
	SetAutostartOnce(name string, on bool) error
	// Autostarts and AutostartsOnce return the names of those that do. There may be names among them that no definition
	// has.
	Autostarts() (map[string]bool, error)
	AutostartsOnce() (map[string]bool, error)
	// Load returns all definitions that can be read. It removes the half-written files of a daemon that was
	// killed. A definition that cannot be read stays in its place until another is saved under its name.
	Load() (defs []*domain.Def, bad []Unreadable, err error)
}

// Unreadable is a stored definition that cannot be used. It is damaged, a newer version wrote it, or its
// file cannot be read now.
type Unreadable struct {
	Name string
	Err  error
	Def  *domain.Def // the name, uuid and ids, as far as they could be read; nil if none could
}
