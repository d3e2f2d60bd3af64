package store

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// TestJunkAmongRuns: a foreign entry among the runs hides no run and is not taken for one.
func TestJunkAmongRuns(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	r, _ := runs(t, base)
	run, ended := exampleRun(5), exampleRun(6)
	begin(t, r, ended)
	if err := r.Archive(ended.UUID); err != nil {
		t.Fatal(err)
	}
	begin(t, r, run)
	live := filepath.Join(base, "live")
	// Not the word that we would use: run's directory is another, and ended has no live one.
	upper := strings.ToUpper(ended.UUID.String())
	for _, dir := range []string{"README.d", upper, strings.ReplaceAll(run.UUID.String(), "-", "")} {
		if err := os.Mkdir(filepath.Join(live, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(live, ".hidden"), "x")
	before := names(t, live)
	got, log := reloadRuns(t, base)
	if diff := cmp.Diff([]service.Run{run}, got); diff != "" {
		t.Errorf("loaded (-want +got):\n%s", diff)
	}
	for _, name := range before {
		if told := strings.Contains(log, filepath.Join(live, name)); told != (name != run.UUID.String()) {
			t.Errorf("%s is told: %v: %s", name, told, log)
		}
	}
	if after := names(t, live); !slices.Equal(before, after) {
		t.Errorf("of %q there is left %q", before, after)
	}
	if _, found, err := r.Last(ended.UUID); !found || err != nil {
		t.Errorf("the last run of %s: %v, %v", upper, found, err)
	}
}

// TestBrokenRuns: a run whose state cannot be read is logged and archived, once.
func TestBrokenRuns(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string]func(dir string) error{
		"missing":   func(dir string) error { return os.Remove(filepath.Join(dir, stateFile)) },
		"empty":     func(dir string) error { return os.Truncate(filepath.Join(dir, stateFile), 0) },
		"truncated": func(dir string) error { return os.Truncate(filepath.Join(dir, stateFile), 40) },
		"another":   func(dir string) error { return os.WriteFile(filepath.Join(dir, stateFile), []byte("[]"), 0o600) },
		"a file":    func(dir string) error { return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := t.TempDir()
			r, _ := runs(t, base)
			broken, good := exampleRun(1), exampleRun(2)
			begin(t, r, good)
			if err := breaks(begin(t, r, broken)); err != nil {
				t.Fatal(err)
			}
			got, log := reloadRuns(t, base)
			if diff := cmp.Diff([]service.Run{good}, got); diff != "" {
				t.Errorf("loaded (-want +got):\n%s", diff)
			}
			if !strings.Contains(log, "level=ERROR") || !strings.Contains(log, broken.UUID.String()) {
				t.Errorf("log: %s", log)
			}
			if _, log := reloadRuns(t, base); log != "" {
				t.Errorf("the second time: %s", log)
			}
			if last, found, err := r.Last(broken.UUID); found || last != (service.Run{}) || (err == nil) != (name == "missing") {
				t.Errorf("the last run: %v, %v, %v", last, found, err)
			}
		})
	}
}

// TestRunsLost: a directory of runs that is missing, or is a file, is an error.
func TestRunsLost(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	r, _ := runs(t, base)
	if err := os.Remove(filepath.Join(base, "live")); err != nil {
		t.Fatal(err)
	}
	if list, err := r.Load(); err == nil || list != nil {
		t.Errorf("loaded %v, %v", list, err)
	}
	if _, err := r.Create(domain.UUID{15: 1}); err == nil {
		t.Error("created")
	}
	write(t, filepath.Join(base, "live"), "a file")
	if _, err := NewRuns(base, nil); err == nil {
		t.Error("made over a file")
	}
}
