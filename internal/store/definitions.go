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
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(d.path(def.Name), []byte(header+text+"\n"), 0o600); err != nil {
		return fmt.Errorf("save definition: %w", err)
	}
	return syncDir(d.dir)
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
	files, err := filepath.Glob(filepath.Join(escapeGlob(d.dir), "*.xml"))
	if err != nil {
		return nil, fmt.Errorf("definitions: %w", err)
	}
	var defs []*domain.Def
	names := map[domain.UUID]string{}
	for _, file := range files {
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

// escapeGlob takes the meaning from a path's pattern characters.
func escapeGlob(p string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(p)
}
