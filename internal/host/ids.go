package host

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/idrange"
)

// IDs finds the owners of the host's user and group ids: its accounts, the ranges of subuid(5) and
// subgid(5), and running containers of systemd-nspawn. It reads them each time. It does not see accounts of
// a network's name service, such as LDAP.
type IDs struct{ etc, nspawn string }

// NewIDs returns the IDs of this host.
func NewIDs() IDs { return IDs{etc: "/etc", nspawn: "/run/systemd/nspawn-uid"} }

// Taken returns the ids that a container must not get. A missing file counts as empty. It returns an error
// if a file cannot be read.
func (h IDs) Taken() ([]idrange.Span, error) {
	var taken []idrange.Span
	for name, read := range map[string]func(string) []idrange.Span{
		"passwd": func(text string) []idrange.Span { return idrange.Accounts(text, 2, 3) },
		"group":  func(text string) []idrange.Span { return idrange.Accounts(text, 2) },
		"subuid": idrange.Subordinate,
		"subgid": idrange.Subordinate,
	} {
		const most = 64 << 20
		text, err := readSmall(filepath.Join(h.etc, name), most)
		if err == nil && len(text) > most {
			err = fmt.Errorf("%s has more than %d bytes", filepath.Join(h.etc, name), most)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		taken = append(taken, read(string(text))...)
	}
	running, err := h.running()
	return append(taken, running...), err
}

// Begins reports whether a range for a container begins with an id. So do the multiples of 65536 but 0, which
// systemd-nspawn and Berth choose, and what both subuid(5) and subgid(5) give to somebody from that id on. An account
// of a network's name service may have a high id, too: it alone says nothing.
func (h IDs) Begins(id uint32) (bool, error) {
	if id != 0 && id%idrange.Size == 0 {
		return true, nil
	}
	for _, name := range []string{"subuid", "subgid"} {
		const most = 64 << 20
		text, err := readSmall(filepath.Join(h.etc, name), most)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		if !slices.ContainsFunc(idrange.Subordinate(string(text)), func(s idrange.Span) bool { return s.First == id }) {
			return false, nil
		}
	}
	return true, nil
}

// Account returns the user who answers for a user: the first id of the range of subuid(5) that has the id, and so the
// same one for all of the range, or the id itself. Whoever has a range can be all users of it (newuidmap(1)).
func (h IDs) Account(uid uint32) uint32 {
	const most = 1 << 20
	text, err := readSmall(filepath.Join(h.etc, "subuid"), most)
	if err != nil {
		return uid // most likely there is no such file
	}
	for _, s := range idrange.Subordinate(string(text)) {
		if s.First <= uid && uid <= s.Last {
			return s.First
		}
	}
	return uid
}

// running returns the ids of the running containers of systemd-nspawn. The name of each of its locks is a
// container's first id (systemd, src/nspawn/nspawn.c, uid_shift_pick).
func (h IDs) running() ([]idrange.Span, error) {
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

// Mapped returns the id map of a process's user namespace. The map is not enabled if that is the host's own
// namespace (user_namespaces(7)). It returns fs.ErrNotExist if there is no such process.
func (IDs) Mapped(pid uint32) (domain.IDMap, error) {
	var maps [2][]domain.IDRange
	for i, file := range []string{"uid_map", "gid_map"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
		if err != nil {
			return domain.IDMap{}, err
		}
		if maps[i], err = idMap(string(text)); err != nil {
			return domain.IDMap{}, fmt.Errorf("/proc/%d/%s: %w", pid, file, err)
		}
	}
	whole := []domain.IDRange{{Count: math.MaxUint32}}
	if slices.Equal(maps[0], whole) && slices.Equal(maps[1], whole) {
		return domain.IDMap{}, nil
	}
	return domain.IDMap{UIDs: maps[0], GIDs: maps[1]}, nil
}

// idMap reads lines of three numbers: first id inside, first id outside, count. It returns an error if a line
// has others.
func idMap(text string) (ranges []domain.IDRange, err error) {
	for line := range strings.Lines(text) {
		var r domain.IDRange
		if _, err := fmt.Sscan(line, &r.Start, &r.Target, &r.Count); err != nil {
			return nil, err
		}
		ranges = append(ranges, r)
	}
	return ranges, nil
}
