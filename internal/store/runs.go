package store

import (
	"encoding/json"
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

// Save replaces a run's state. A tmpfs needs no fsync.
func (r *Runs) Save(run service.Run) error {
	text, err := json.Marshal(run)
	if err != nil {
		return fmt.Errorf("run state: %w", err)
	}
	file := filepath.Join(r.Dir(run.UUID), stateFile)
	if err := os.WriteFile(file+".new", text, 0o600); err != nil {
		return fmt.Errorf("run state: %w", err)
	}
	return os.Rename(file+".new", file)
}

// Load reads every live run. A directory without a state is of a start that had not begun; its
// supervisor, if there is one, ends by itself.
func (r *Runs) Load() ([]service.Run, error) {
	entries, err := os.ReadDir(r.live)
	if err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	var runs []service.Run
	for _, e := range entries {
		u, err := domain.ParseUUID(e.Name())
		if err != nil || u.String() != e.Name() { // in other words it would stand for another directory
			r.log.Warn("foreign file among the runs", "file", filepath.Join(r.live, e.Name()))
			continue
		}
		run, err := read(r.Dir(u), u)
		if err != nil {
			r.log.Error("run without a state", "uuid", u.String(), "err", err)
			if err := r.Archive(u); err != nil {
				r.log.Error("run without a state", "uuid", u.String(), "err", err)
			}
			continue
		}
		runs = append(runs, run)
	}
	return runs, nil
}

// Last reads the state of an archived run.
func (r *Runs) Last(u domain.UUID) (service.Run, bool, error) {
	run, err := read(r.LastDir(u), u)
	if errors.Is(err, fs.ErrNotExist) {
		return service.Run{}, false, nil
	}
	return run, err == nil, err
}

func read(dir string, u domain.UUID) (service.Run, error) {
	text, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return service.Run{}, err
	}
	run := service.Run{}
	if err := json.Unmarshal(text, &run); err != nil {
		return service.Run{}, fmt.Errorf("run state: %w", err)
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

// Forget removes what is kept of both.
func (r *Runs) Forget(u domain.UUID) error {
	return errors.Join(os.RemoveAll(r.Dir(u)), os.RemoveAll(r.LastDir(u)))
}
