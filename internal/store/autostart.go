package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/berthd/berth/internal/domain"
)

// The links of the containers that start with the host are in this directory, beside the definitions, as in libvirt.
const autostartDir = "autostart"

// What the names of the links end in: of containers that start with each boot, and with the next one only.
const (
	eachBoot = ".xml"
	nextBoot = ".xml.once"
)

// SetAutostart says whether a container starts with the host. It returns when that survives a power loss.
func (d *Definitions) SetAutostart(name string, on bool) error { return d.setLink(name, eachBoot, on) }

// SetAutostartOnce says whether a container starts with the next boot of the host. It returns when that survives a
// power loss.
func (d *Definitions) SetAutostartOnce(name string, on bool) error {
	return d.setLink(name, nextBoot, on)
}

func (d *Definitions) setLink(name, suffix string, on bool) error {
	link := filepath.Join(d.dir, autostartDir, name+suffix)
	var err error
	if on {
		if err = os.MkdirAll(filepath.Dir(link), 0o700); err == nil {
			err = os.Symlink(filepath.Join("..", name+".xml"), link)
		}
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
	} else if err = os.Remove(link); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = syncDir(filepath.Dir(link))
	}
	if err != nil {
		return fmt.Errorf("autostart: %w", err)
	}
	return nil
}

// Autostarts returns the names of the containers that start with the host. A link may be of a definition that is not
// there any more.
func (d *Definitions) Autostarts() (map[string]bool, error) { return d.links(eachBoot) }

// AutostartsOnce returns the names of the containers that start with the next boot of the host.
func (d *Definitions) AutostartsOnce() (map[string]bool, error) { return d.links(nextBoot) }

func (d *Definitions) links(suffix string) (map[string]bool, error) {
	entries, err := os.ReadDir(filepath.Join(d.dir, autostartDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("autostart: %w", err)
	}
	names := make(map[string]bool, len(entries))
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), suffix); ok {
			names[name] = true
		}
	}
	return names, nil
}

// Autostart returns which containers this boot has still to start. The first call of a boot enters list, later ones do
// not: what gets its autostart afterwards starts with the next boot.
func (r *Runs) Autostart(list []domain.UUID) (pending []domain.UUID, err error) {
	if _, err := os.Lstat(r.autostart); errors.Is(err, fs.ErrNotExist) {
		if err := r.enterAutostart(list); err != nil {
			return nil, fmt.Errorf("autostart: %w", err)
		}
	}
	return r.uuids(r.autostart)
}

// enterAutostart makes the directory with one file for each container. It is there with all of them or not at all.
func (r *Runs) enterAutostart(list []domain.UUID) error {
	fresh := r.autostart + ".new"
	err := os.RemoveAll(fresh) // of a daemon that was killed
	if err == nil {
		err = os.Mkdir(fresh, 0o700)
	}
	for _, u := range list {
		if err == nil {
			err = os.WriteFile(filepath.Join(fresh, u.String()), nil, 0o600)
		}
	}
	if err != nil {
		return err
	}
	return os.Rename(fresh, r.autostart)
}

// Autostarted says that this boot has no more to start a container.
func (r *Runs) Autostarted(u domain.UUID) error {
	err := os.Remove(filepath.Join(r.autostart, u.String()))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("autostart: %w", err)
	}
	return nil
}
