package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const markStart, markEnd = `# Written by "berthctl socket-unit" for container `, ", which may overwrite it.\n"

// unitMark is the first line of each file that socket-unit writes for a container. It overwrites no other file.
func unitMark(domain string) string { return markStart + strconv.Quote(domain) + markEnd }

// markedFor returns the container in the mark of a file. false means that there is no mark.
func markedFor(text string) (string, bool) {
	rest, found := strings.CutPrefix(text, markStart)
	if !found {
		return "", false
	}
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return "", false
	}
	domain, err := strconv.Unquote(quoted)
	return domain, err == nil
}

// present returns the texts of the pair's files that are in a directory, by their paths below it. It returns an error
// if one of them is not of this pair.
func (u *socketUnit) present(dir string) (map[string]string, error) {
	texts := map[string]string{}
	for _, name := range u.paths() {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		switch domain, marked := markedFor(string(text)); {
		case !marked:
			return nil, fmt.Errorf("%s is not of berthctl; give another name by --unit", path)
		case domain != u.domain:
			return nil, fmt.Errorf("%s is of container '%s'; give another name by --unit", path, printable(domain))
		}
		texts[name] = string(text)
	}
	return texts, nil
}

// earlier is what there was before the units were written.
type earlier struct {
	socket  bool         // a socket of the pair
	restore func() error // brings the files back
}

// write writes the units, and removes a file of the pair that it does not need any more. It overwrites only what it has
// written before.
func (u *socketUnit) write(dir string) (earlier, error) {
	texts, err := u.present(dir)
	if err != nil {
		return earlier{}, err
	}
	_, socket := texts[u.unit+".socket"]
	before := earlier{socket, func() error { return u.put(dir, texts) }}
	if err := u.put(dir, u.files()); err != nil {
		return earlier{}, errors.Join(err, before.restore())
	}
	return before, nil
}

// put makes the given texts the files of the pair, and removes its other ones.
func (u *socketUnit) put(dir string, texts map[string]string) error {
	for _, name := range u.paths() {
		path := filepath.Join(dir, name)
		text, wanted := texts[name]
		if !wanted {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			if name == u.dropIn() {
				_ = os.Remove(filepath.Dir(path)) // that has others' files, or is not there
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // units are for everybody to read
			return err
		}
	}
	return nil
}
