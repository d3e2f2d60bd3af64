package store

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// stateFile is berthd's own file of a run. The supervisor's files are named in package wire, and read by
// package launch.
const stateFile = "state.json"

// Runs is a directory on a tmpfs: live/UUID for each container that is on, last/UUID for what the
// latest life of one that is off left behind.
type Runs struct {
	live, last string
	log        *slog.Logger
}

// NewRuns makes the directories where they are missing, for root alone: the supervisors' sockets
// are there.
func NewRuns(dir string, log *slog.Logger) (*Runs, error) {
	r := &Runs{live: filepath.Join(dir, "live"), last: filepath.Join(dir, "last"), log: log}
	for _, d := range []string{r.live, r.last} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("runs: %w", err)
		}
	}
	return r, nil
}

// Dir is the directory of a container that is on.
func (r *Runs) Dir(u domain.UUID) string { return filepath.Join(r.live, u.String()) }

// LastDir is the directory of what the latest run of a container left.
func (r *Runs) LastDir(u domain.UUID) string { return filepath.Join(r.last, u.String()) }

// Create makes a run's directory; what a broken start left there goes.
func (r *Runs) Create(u domain.UUID) (string, error) {
	err := os.Mkdir(r.Dir(u), 0o700)
	if errors.Is(err, fs.ErrExist) {
		if err = os.RemoveAll(r.Dir(u)); err == nil {
			err = os.Mkdir(r.Dir(u), 0o700)
		}
	}
	if err != nil {
		return "", fmt.Errorf("run directory: %w", err)
	}
	return r.Dir(u), nil
}

// Save replaces a run's note. A tmpfs needs no fsync.
func (r *Runs) Save(run service.Run) error {
	text, err := encode(run)
	if err != nil {
		return fmt.Errorf("run state: %w", err)
	}
	file := filepath.Join(r.Dir(run.UUID), stateFile)
	if err := os.WriteFile(file+".new", text, 0o600); err != nil {
		return fmt.Errorf("run state: %w", err)
	}
	return os.Rename(file+".new", file)
}

// Load reads every live run.
func (r *Runs) Load() ([]service.SavedRun, error) {
	ids, err := r.uuids(r.live)
	if err != nil {
		return nil, err
	}
	runs := make([]service.SavedRun, len(ids))
	for i, u := range ids {
		runs[i].Run, runs[i].Err = r.load(r.Dir(u), u)
	}
	return runs, nil
}

// LastOnes returns the containers that have an archived run.
func (r *Runs) LastOnes() ([]domain.UUID, error) { return r.uuids(r.last) }

// uuids lists the directories of runs in one place.
func (r *Runs) uuids(dir string) (list []domain.UUID, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	for _, e := range entries {
		u, err := domain.ParseUUID(e.Name())
		if err != nil || u.String() != e.Name() { // in other words it would stand for another directory
			r.log.Warn("foreign file among the runs", "file", filepath.Join(dir, e.Name()))
			continue
		}
		list = append(list, u)
	}
	return list, nil
}

// Last reads the note of an archived run.
func (r *Runs) Last(u domain.UUID) (service.Run, bool, error) {
	run, err := r.load(r.LastDir(u), u)
	if errors.Is(err, fs.ErrNotExist) {
		return service.Run{}, false, nil
	}
	return run, err == nil, err
}

// maxState bounds a note, in bytes: a definition, and little more.
const maxState = 33 << 20

// load reads a note. With an error the run has the uuid only.
func (r *Runs) load(dir string, u domain.UUID) (service.Run, error) {
	text, err := readRegular(filepath.Join(dir, stateFile), maxState)
	if err != nil {
		return service.Run{UUID: u}, err
	}
	run, err := decode(text)
	if err != nil {
		return service.Run{UUID: u}, fmt.Errorf("run state: %w", err)
	}
	run.UUID = u
	return run, nil
}

// Archive replaces what the previous run left by this one; where there is none, that stays.
func (r *Runs) Archive(u domain.UUID) error {
	_, err := os.Lstat(r.Dir(u))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = os.MkdirAll(r.last, 0o700) // an administrator may have removed it
	}
	if err == nil {
		err = os.RemoveAll(r.LastDir(u))
	}
	if err == nil {
		err = os.Rename(r.Dir(u), r.LastDir(u))
	}
	if err != nil {
		return fmt.Errorf("archive run: %w", err)
	}
	return nil
}

// Discard removes the directory of a run that never began.
func (r *Runs) Discard(u domain.UUID) error { return os.RemoveAll(r.Dir(u)) }

// Forget removes what is kept of both.
func (r *Runs) Forget(u domain.UUID) error {
	return errors.Join(os.RemoveAll(r.Dir(u)), os.RemoveAll(r.LastDir(u)))
}
