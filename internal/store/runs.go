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

// stateFile is the file with a run's note. Package wire has the names of the supervisor's files, and package
// launch reads those.
const stateFile = "state.json"

// Runs is a directory on a tmpfs. live/UUID is the directory of a run, last/UUID that of the previous run of
// the container.
type Runs struct {
	live, last string
	autostart  string // has a file for each container that this boot has still to start; there from the first daemon on
	log        *slog.Logger
}

// NewRuns opens the directories of the runs. It makes them if they are missing. Only root may enter them:
// the supervisors' sockets are there.
func NewRuns(dir string, log *slog.Logger) (*Runs, error) {
	r := &Runs{live: filepath.Join(dir, "live"), last: filepath.Join(dir, "last"), autostart: filepath.Join(dir, "autostart"), log: log}
	for _, d := range []string{r.live, r.last} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("runs: %w", err)
		}
	}
	return r, nil
}

// Dir returns the directory of a container's run.
func (r *Runs) Dir(u domain.UUID) string { return filepath.Join(r.live, u.String()) }

// LastDir returns the directory of a container's previous run.
func (r *Runs) LastDir(u domain.UUID) string { return filepath.Join(r.last, u.String()) }

// Create makes an empty directory for a run. It removes the remains of a failed start.
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

// Load reads the notes of all runs that are not archived.
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

// uuids lists the containers that have a directory in dir. It logs other files and skips them.
func (r *Runs) uuids(dir string) (list []domain.UUID, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	for _, e := range entries {
		u, err := domain.ParseUUID(e.Name())
		if err != nil || u.String() != e.Name() { // another spelling of a uuid would stand for another directory
			r.log.Warn("foreign file among the runs", "file", filepath.Join(dir, e.Name()))
			continue
		}
		list = append(list, u)
	}
	return list, nil
}

// Last reads the note of a container's archived run. found is false if there is none.
func (r *Runs) Last(u domain.UUID) (run service.Run, found bool, err error) {
	run, err = r.load(r.LastDir(u), u)
	if errors.Is(err, fs.ErrNotExist) {
		return service.Run{}, false, nil
	}
	return run, err == nil, err
}

// maxState is the largest note, in bytes: a definition, in which JSON writes a character with up to six bytes, and
// little more.
const maxState = 16 << 20

// load reads a note. With an error it returns a run that has only the uuid.
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

// MakeRoom removes the directory of the previous run, for Archive.
func (r *Runs) MakeRoom(u domain.UUID) error {
	if err := os.RemoveAll(r.LastDir(u)); err != nil {
		return fmt.Errorf("previous run: %w", err)
	}
	return nil
}

// Archive makes the run the previous one, and removes the directory of the one before. It does nothing if
// there is no run.
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

// Discard removes the directory of a run that never began. It keeps that of the previous run.
func (r *Runs) Discard(u domain.UUID) error { return os.RemoveAll(r.Dir(u)) }

// Forget removes both directories of a container.
func (r *Runs) Forget(u domain.UUID) error {
	return errors.Join(os.RemoveAll(r.Dir(u)), os.RemoveAll(r.LastDir(u)))
}
