package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/berthd/berth/internal/idrange"
)

// hostIDs looks, each time anew, at who has ids of the host: its accounts, who may hand out
// subordinate ids, and systemd-nspawn's containers that run. Both directories are given, so that a
// test has its own. What a name service has of a network, as LDAP, is not seen.
type hostIDs struct{ etc, nspawn string }

// Taken gives the ids that a container must not get. A file that is not there is an empty one; one
// that cannot be read is an error, since nobody knows what it would say.
func (h hostIDs) Taken() ([]idrange.Span, error) {
	var taken []idrange.Span
	for name, read := range map[string]func(string) []idrange.Span{
		"passwd": func(text string) []idrange.Span { return idrange.Accounts(text, 2, 3) },
		"group":  func(text string) []idrange.Span { return idrange.Accounts(text, 2) },
		"subuid": idrange.Subordinate,
		"subgid": idrange.Subordinate,
	} {
		text, err := os.ReadFile(filepath.Join(h.etc, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		taken = append(taken, read(string(text))...)
	}
	running, err := h.running()
	return append(taken, running...), err
}

// running reads the names of systemd-nspawn's locks, each the first id of a container that runs
// (systemd, src/nspawn/nspawn.c, uid_shift_pick).
func (h hostIDs) running() ([]idrange.Span, error) {
	locks, err := os.ReadDir(h.nspawn)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("containers of systemd-nspawn: %w", err)
	}
	var spans []idrange.Span
	for _, l := range locks {
		first, err := strconv.ParseUint(l.Name(), 10, 32)
		if err == nil && first%idrange.Size == 0 {
			spans = append(spans, idrange.Span{First: uint32(first), Last: uint32(first) + idrange.Size - 1})
		}
	}
	return spans, nil
}
