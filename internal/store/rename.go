package store

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"

	"github.com/berthd/berth/internal/domain"
)

// renamedFrom matches the comment in a definition whose file with the old name may still be there.
var renamedFrom = regexp.MustCompile(`^<!-- renamed from ([0-9a-f]+) -->\n`)

// Rename stores a definition under its name, and no longer under the old one. It returns when that survives a power
// loss. If the daemon dies meanwhile, Load removes the file with the old name.
func (d *Definitions) Rename(def *domain.Def, old string) error {
	text, err := def.Format(domain.FormatOptions{})
	if err != nil {
		return fmt.Errorf("rename definition: %w", err)
	}
	file := d.path(def.Name)
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("rename definition: %w", &os.PathError{Op: "make", Path: file, Err: fs.ErrExist})
	}
	starts, err := d.Autostarts()
	if err == nil && starts[old] { // before the definition, which must not be there without it; Remove takes the old one
		err = d.SetAutostart(def.Name, true)
	}
	once, err2 := d.AutostartsOnce()
	if err2 == nil && once[old] {
		err2 = d.SetAutostartOnce(def.Name, true)
	}
	err = errors.Join(err, err2)
	if err != nil {
		return fmt.Errorf("rename definition: %w", err)
	}
	mark := "<!-- renamed from " + hex.EncodeToString([]byte(old)) + " -->\n"
	if err := d.replace(file, mark+header+text+"\n"); err != nil {
		return fmt.Errorf("rename definition: %w", err)
	}
	err = syncDir(d.dir)
	if err == nil {
		err = d.Remove(old)
	}
	if err != nil {
		_ = os.Remove(file)
		return fmt.Errorf("rename definition: %w", err)
	}
	return d.Save(def) // without the mark
}

// oldName returns the name in a definition's mark, or "".
func oldName(text []byte) string {
	found := renamedFrom.FindSubmatch(text)
	if found == nil {
		return ""
	}
	name, err := hex.DecodeString(string(found[1]))
	if err != nil {
		return ""
	}
	return string(name)
}

// loaded are the definitions that Load has read so far.
type loaded struct {
	defs []*domain.Def
	at   map[domain.UUID]int    // the index in defs
	old  map[domain.UUID]string // the old name of one that was being renamed
}

// add adds a definition. Of two with one uuid, it removes that with the old name of a rename that was cut off. It
// returns an error if there was none.
func (d *Definitions) add(all *loaded, def *domain.Def, text []byte) error {
	at, twice := all.at[def.UUID]
	if !twice {
		all.at[def.UUID], all.old[def.UUID] = len(all.defs), oldName(text)
		all.defs = append(all.defs, def)
		return nil
	}
	other, old := all.defs[at].Name, def.Name
	switch {
	case oldName(text) == other:
		all.defs[at], old = def, other
	case all.old[def.UUID] != def.Name:
		return fmt.Errorf("uuid %s is also that of %q", def.UUID, other)
	}
	if err := d.Remove(old); err != nil {
		d.log.Warn("definition with an old name", "domain", old, "err", err)
	}
	return nil
}
