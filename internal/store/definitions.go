package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/berthd/berth/internal/domain"
)

// header warns who opens a definition in an editor.
const header = `<!--
This file is written by berthd. To change it, give an edited copy to
  berthctl define FILE
-->
`

// aside is the suffix of a definition that could not be read.
const aside = ".damaged"

// Definitions is a directory of NAME.xml files.
type Definitions struct {
	dir string
	log *slog.Logger
}

// NewDefinitions makes the directory where it is missing.
func NewDefinitions(dir string, log *slog.Logger) (*Definitions, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("definitions: %w", err)
	}
	return &Definitions{dir: dir, log: log}, nil
}

func (d *Definitions) path(name string) string { return filepath.Join(d.dir, name+".xml") }

// Save stores a definition under its name. It returns when the file would survive a power loss.
func (d *Definitions) Save(def *domain.Def) error {
	text, err := def.Format(domain.FormatOptions{})
	if err == nil {
		err = d.replace(d.path(def.Name), header+text+"\n")
	}
	if err == nil {
		err = syncDir(d.dir)
	}
	if err != nil {
		return fmt.Errorf("save definition: %w", err)
	}
	return nil
}

// replace makes the new file beside the old one, not where TMPDIR says: from there it would bring
// another SELinux type along. The mode is not the old file's: initenv may hold secrets.
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

// Remove deletes a definition; one that is not there is gone already.
func (d *Definitions) Remove(name string) error {
	if err := os.Remove(d.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove definition: %w", err)
	}
	return syncDir(d.dir)
}

// Load reads all definitions. What is damaged, or says of itself to be another's, is set aside.
func (d *Definitions) Load() ([]*domain.Def, error) {
	entries, err := os.ReadDir(d.dir) // sorted by name
	if err != nil {
		return nil, fmt.Errorf("definitions: %w", err)
	}
	var defs []*domain.Def
	names := map[domain.UUID]string{}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".xml" {
			continue
		}
		file := filepath.Join(d.dir, e.Name())
		def, err := d.read(file)
		if err == nil && names[def.UUID] != "" {
			err = fmt.Errorf("uuid %s is also that of %q", def.UUID, names[def.UUID])
		}
		if err != nil {
			d.setAside(file, err)
			continue
		}
		names[def.UUID] = def.Name
		defs = append(defs, def)
	}
	return defs, nil
}

func (d *Definitions) read(file string) (*domain.Def, error) {
	// To open a FIFO would wait for a writer.
	if info, err := os.Stat(file); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	def, err := domain.Parse(text)
	if err != nil {
		return nil, err
	}
	if name := strings.TrimSuffix(filepath.Base(file), ".xml"); def.Name != name {
		return nil, fmt.Errorf("the name inside is %q", def.Name)
	}
	if def.UUID.IsZero() {
		return nil, errors.New("it has no uuid")
	}
	return def, nil
}

// setAside renames a file that cannot be used, over none that was set aside before.
func (d *Definitions) setAside(file string, why error) {
	target := file + aside
	for n := 1; ; n++ {
		// link(2) fails where rename(2) would replace.
		err := os.Link(file, target)
		if err == nil {
			err = os.Remove(file)
		}
		if errors.Is(err, os.ErrExist) {
			target = fmt.Sprintf("%s%s.%d", file, aside, n)
			continue
		}
		if err != nil {
			d.log.Error("damaged definition stays where it is", "file", file, "why", why, "err", err)
			return
		}
		d.log.Error("damaged definition set aside", "file", file, "as", target, "why", why)
		return
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
