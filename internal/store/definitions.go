package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/google/renameio/v2"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// header warns people who open a definition in an editor.
const header = `<!--
This file is written by berthd. To change it, use
  berthctl edit
or give an edited copy to
  berthctl define FILE
-->
`

// aside is the suffix of an unreadable definition that another one has replaced.
const aside = ".damaged"

// Definitions is a directory of NAME.xml files.
type Definitions struct {
	dir string
	log *slog.Logger

	mu  sync.Mutex
	bad map[string]bool // names whose file could not be read
}

// NewDefinitions opens the directory of the definitions. It makes the directory if that is missing.
func NewDefinitions(dir string, log *slog.Logger) (*Definitions, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("definitions: %w", err)
	}
	return &Definitions{dir: dir, log: log, bad: map[string]bool{}}, nil
}

func (d *Definitions) path(name string) string { return filepath.Join(d.dir, name+".xml") }

// Save stores a definition under its name. It returns when the file survives a power loss.
func (d *Definitions) Save(def *domain.Def) error {
	text, err := def.Format(domain.FormatOptions{})
	if err == nil {
		err = d.keepBad(def.Name)
	}
	if err == nil {
		err = d.replace(d.path(def.Name), header+text+"\n")
	}
	if err == nil {
		d.mu.Lock()
		delete(d.bad, def.Name)
		d.mu.Unlock()
		err = syncDir(d.dir)
	}
	if err != nil {
		return fmt.Errorf("save definition: %w", err)
	}
	return nil
}

// replace writes a new file and renames it over the old one. It makes the new file in the same directory: in
// TMPDIR it would get another SELinux type. The new file does not get the mode of the old one: <initenv> may
// hold secrets.
func (d *Definitions) replace(file, text string) error {
	f, err := renameio.NewPendingFile(file, renameio.WithTempDir(d.dir), renameio.WithStaticPermissions(0o600))
	if err != nil {
		return err
	}
	defer func() { _ = f.Cleanup() }()
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

// Remove deletes a definition and its autostart. A missing one is no error.
func (d *Definitions) Remove(name string) error {
	if err := errors.Join(d.SetAutostart(name, false), d.SetAutostartOnce(name, false)); err != nil {
		return fmt.Errorf("remove definition: %w", err)
	}
	if err := os.Remove(d.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove definition: %w", err)
	}
	return syncDir(d.dir)
}

// Load reads all definitions. It returns a definition as bad, and leaves its file in place, if the file is
// damaged or the name or uuid inside belongs to another definition. It removes the half-written files of a
// daemon that was killed.
func (d *Definitions) Load() (defs []*domain.Def, bad []service.Unreadable, err error) {
	entries, err := os.ReadDir(d.dir) // sorted by name
	if err != nil {
		return nil, nil, fmt.Errorf("definitions: %w", err)
	}
	all := loaded{at: map[domain.UUID]int{}, old: map[domain.UUID]string{}}
	for _, e := range entries {
		file := filepath.Join(d.dir, e.Name())
		if halfWritten.MatchString(e.Name()) {
			if err := os.Remove(file); err != nil {
				d.log.Warn("half-written definition", "file", file, "err", err)
			}
			continue
		}
		name, ok := strings.CutSuffix(e.Name(), ".xml")
		if !ok {
			continue
		}
		def, text, err := read(file, name)
		if err == nil {
			err = d.add(&all, def, text)
		}
		if err != nil {
			d.markBad(name)
			bad = append(bad, service.Unreadable{Name: name, Err: fmt.Errorf("%s: %w", file, err), Def: domain.Salvage(text)})
			continue
		}
	}
	return all.defs, bad, nil
}

// halfWritten matches the names of renameio's pending files: a dot, the final name, and a number.
var halfWritten = regexp.MustCompile(`^\..+\.xml[0-9]+$`)

// maxDefinition is the largest file of a definition, in bytes: a definition has at most half of it.
const maxDefinition = 2 << 20

// read reads one definition. With an error it still returns the text, or the beginning of a text that is too large,
// if it could read the file.
func read(file, name string) (def *domain.Def, text []byte, err error) {
	if text, err = readRegular(file, maxDefinition); err != nil {
		return nil, text, err
	}
	if def, err = domain.Parse(text); err != nil {
		return nil, text, err
	}
	switch {
	case def.Name != name:
		return nil, text, fmt.Errorf("the name inside is %q", def.Name)
	case def.UUID.IsZero():
		return nil, text, errors.New("it has no uuid")
	}
	return def, text, nil
}

func (d *Definitions) markBad(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bad[name] = true
}

// keepBad keeps a file that cannot be read under a second name, before a definition takes its name.
func (d *Definitions) keepBad(name string) error {
	d.mu.Lock()
	bad := d.bad[name]
	d.mu.Unlock()
	if !bad {
		return nil
	}
	return d.setAside(d.path(name))
}

// setAside gives an unusable file a second name, and never overwrites an earlier one. The file keeps its first
// name until the new definition takes it: if that fails, nothing is lost.
func (d *Definitions) setAside(file string) error {
	target := file + aside
	for n := 1; ; n++ {
		// link(2) fails if the target exists, and leaves the file in its place.
		err := os.Link(file, target)
		switch {
		case errors.Is(err, os.ErrExist):
			target = fmt.Sprintf("%s%s.%d", file, aside, n)
			continue
		case errors.Is(err, os.ErrNotExist):
			return nil
		case err != nil:
			return fmt.Errorf("keep the unreadable definition: %w", err)
		}
		d.log.Warn("unreadable definition is replaced, and kept", "file", file, "as", target)
		return nil
	}
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}
