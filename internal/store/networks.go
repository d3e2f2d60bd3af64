package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/berthd/berth/internal/netxml"
	"github.com/berthd/berth/service"
)

// NetworkPaths are the directories of networks. Those of others are only read, and need not be there.
type NetworkPaths struct {
	Own     string // NAME.xml, and autostart/NAME
	Libvirt string
	Shipped string
	Notes   string // on a tmpfs
}

// Networks keeps the definitions and the notes of networks.
type Networks struct {
	paths NetworkPaths
	log   *slog.Logger
}

// NewNetworks returns the store of networks. It makes no directory before something is stored.
func NewNetworks(p NetworkPaths, log *slog.Logger) *Networks { return &Networks{p, log} }

// networkHeader warns people who open a network's definition in an editor.
const networkHeader = `<!--
This file is written by berthd. To change it, give an edited copy to
  berthctl net-define FILE
-->
`

func (n *Networks) path(name string) string { return filepath.Join(n.paths.Own, name+".xml") }
func (n *Networks) autostart(name string) string {
	return filepath.Join(n.paths.Own, "autostart", name)
}
func (n *Networks) note(name string) string { return filepath.Join(n.paths.Notes, name+".json") }

// Load implements service.NetworkStore.
func (n *Networks) Load() ([]service.StoredNetwork, error) {
	var list []service.StoredNetwork
	seen := map[string]bool{}
	for _, from := range []struct {
		dir    string
		origin service.Origin
	}{{n.paths.Own, service.OriginOwn}, {n.paths.Libvirt, service.OriginLibvirt}, {n.paths.Shipped, service.OriginShipped}} {
		entries, err := os.ReadDir(from.dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("networks: %w", err)
		}
		for _, e := range entries {
			name, ok := strings.CutSuffix(e.Name(), ".xml")
			if !ok || seen[name] || strings.HasPrefix(name, ".") {
				continue
			}
			seen[name] = true
			s := service.StoredNetwork{Name: name, Origin: from.origin, File: filepath.Join(from.dir, e.Name())}
			s.Def, s.Err = readNetwork(s)
			_, err := os.Lstat(n.autostart(name))
			s.Autostart = err == nil
			list = append(list, s)
		}
	}
	return list, nil
}

// readNetwork reads one definition. One of others needs no uuid.
func readNetwork(s service.StoredNetwork) (*netxml.Def, error) {
	text, err := readRegular(s.File, maxDefinition)
	if err != nil {
		return nil, err
	}
	parse := netxml.Parse
	if s.Origin == service.OriginLibvirt {
		parse = netxml.ParseForeign
	}
	d, err := parse(text)
	switch {
	case err != nil:
		return nil, err
	case d.Name != s.Name:
		return nil, fmt.Errorf("the name inside is %q", d.Name)
	case d.Bridge == "":
		return nil, errors.New("it has no name of a bridge")
	}
	return d.Complete(netxml.Chosen{UUID: netxml.NameUUID(d.Name)}), nil
}

// Save implements service.NetworkStore.
func (n *Networks) Save(d *netxml.Def) error {
	text, err := d.Format()
	if err == nil {
		err = os.MkdirAll(n.paths.Own, 0o700)
	}
	if err == nil {
		err = replaceFile(n.path(d.Name), networkHeader+text)
	}
	if err == nil {
		err = syncDir(n.paths.Own)
	}
	if err != nil {
		return fmt.Errorf("save network: %w", err)
	}
	return nil
}

// replaceFile writes a new file, for root alone, and renames it over the old one.
func replaceFile(file, text string) error {
	f, err := renameio.NewPendingFile(file, renameio.WithTempDir(filepath.Dir(file)), renameio.WithStaticPermissions(0o600))
	if err != nil {
		return err
	}
	defer func() { _ = f.Cleanup() }()
	if _, err := f.WriteString(text); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

// Remove implements service.NetworkStore.
func (n *Networks) Remove(name string) error {
	if err := os.Remove(n.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove network: %w", err)
	}
	return syncDir(n.paths.Own)
}

// SetAutostart implements service.NetworkStore.
func (n *Networks) SetAutostart(name string, on bool) error {
	file := n.autostart(name)
	if !on {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("network: %w", err)
		}
		return nil
	}
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err == nil {
		err = os.WriteFile(file, nil, 0o600)
	}
	if err == nil {
		err = syncDir(filepath.Dir(file))
	}
	if err != nil {
		return fmt.Errorf("network: %w", err)
	}
	return nil
}

// Notes implements service.NetworkStore. A note that cannot be read is logged: its network is found again by nobody.
func (n *Networks) Notes() ([]service.NetworkNote, error) {
	entries, err := os.ReadDir(n.paths.Notes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("networks: %w", err)
	}
	var list []service.NetworkNote
	for _, e := range entries {
		file := filepath.Join(n.paths.Notes, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			_ = os.Remove(file) // half written
			continue
		}
		if !strings.HasSuffix(file, ".json") {
			continue
		}
		var note service.NetworkNote
		text, err := readRegular(file, maxDefinition)
		if err == nil {
			err = json.Unmarshal(text, &note)
		}
		if err != nil {
			n.log.Error("note of a network", "file", file, "err", err)
			continue
		}
		list = append(list, note)
	}
	return list, nil
}

// SaveNote implements service.NetworkStore.
func (n *Networks) SaveNote(note service.NetworkNote) error {
	text, err := json.Marshal(note)
	if err == nil {
		err = os.MkdirAll(n.paths.Notes, 0o700)
	}
	if err == nil {
		err = replaceFile(n.note(note.Name), string(text))
	}
	if err != nil {
		return fmt.Errorf("save the state of a network: %w", err)
	}
	return nil
}

// DropNote implements service.NetworkStore.
func (n *Networks) DropNote(name string) error {
	if err := os.Remove(n.note(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the state of a network: %w", err)
	}
	return nil
}

// bootMark is there, beside the directory of the notes, from the first daemon of a boot on.
const bootMark = ".booted"

// FirstAfterBoot implements service.NetworkStore.
func (n *Networks) FirstAfterBoot() (bool, error) {
	f, err := os.OpenFile(n.paths.Notes+bootMark, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("networks: %w", err)
	}
	return true, f.Close()
}
