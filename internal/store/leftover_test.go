package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
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
	if diff := cmp.Diff(saved(run), got); diff != "" {
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

// TestBrokenRuns: a run whose note cannot be used is told of with the reason, and stays as it is. Only a note that
// was never written is fs.ErrNotExist.
func TestBrokenRuns(t *testing.T) {
	t.Parallel()
	note := func(dir string) string { return filepath.Join(dir, stateFile) }
	becomes := func(text string) func(string) error {
		return func(dir string) error { return os.WriteFile(note(dir), []byte(text), 0o600) }
	}
	instead := func(make func(file string) error) func(string) error {
		return func(dir string) error { return errors.Join(os.Remove(note(dir)), make(note(dir))) }
	}
	for name, c := range map[string]struct {
		breaks func(dir string) error
		why    string
	}{
		"missing":            {func(dir string) error { return os.Remove(note(dir)) }, "no such file"},
		"not begun":          {func(dir string) error { return os.Rename(note(dir), note(dir)+".new") }, "no such file"},
		"empty":              {becomes(""), "unexpected end"},
		"truncated":          {func(dir string) error { return os.Truncate(note(dir), 40) }, "unexpected end"},
		"zeros":              {becomes(strings.Repeat("\x00", 4096)), "invalid character"},
		"a list":             {becomes("[]"), "cannot unmarshal array"},
		"a text":             {becomes(`"running"`), "cannot unmarshal string"},
		"another meaning":    {becomes(`{"version":2,"state":{"word":"running"}}`), "cannot unmarshal object"},
		"a number too large": {becomes(`{"group_id":18446744073709551616}`), "cannot unmarshal number"},
		"huge":               {func(dir string) error { return os.Truncate(note(dir), maxState+1) }, "bytes"},
		"a FIFO":             {instead(func(file string) error { return syscall.Mkfifo(file, 0o600) }), "regular"},
		"a dir":              {instead(func(file string) error { return os.Mkdir(file, 0o700) }), "regular"},
		"a loop":             {instead(func(file string) error { return os.Symlink(stateFile, file) }), "symbolic links"},
		"a device":           {instead(func(file string) error { return os.Symlink("/dev/zero", file) }), "regular"},
		"unreadable":         {instead(func(file string) error { return os.Symlink("/proc/self/mem", file) }), "input/output"},
		"a file":             {func(dir string) error { return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)) }, "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := t.TempDir()
			r, _ := runs(t, base)
			broken, good := exampleRun(1), exampleRun(2)
			begin(t, r, good)
			dir := begin(t, r, broken)
			if err := c.breaks(dir); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the next daemon sees the same
				got, log := reloadRuns(t, base)
				if len(got) != 2 || log != "" || cmp.Diff(saved(good), got[1:]) != "" {
					t.Fatalf("loaded %v, %s", got, log)
				}
				if diff := cmp.Diff(service.Run{UUID: broken.UUID}, got[0].Run); diff != "" {
					t.Errorf("of it (-want +got):\n%s", diff)
				}
				if err := got[0].Err; err == nil || !strings.Contains(err.Error(), c.why) {
					t.Errorf("it is bad for %v, want %q", err, c.why)
				}
				if missing := errors.Is(got[0].Err, fs.ErrNotExist); missing != (c.why == "no such file") {
					t.Errorf("it was never written: %v, %v", missing, got[0].Err)
				}
			}
			if list, err := r.LastOnes(); len(list) != 0 || err != nil {
				t.Errorf("archived: %v, %v", list, err)
			}
			if err := r.Archive(broken.UUID); err != nil {
				t.Fatal(err)
			}
			last, found, err := r.Last(broken.UUID)
			if found || cmp.Diff(service.Run{}, last) != "" && err == nil || (err == nil) != (c.why == "no such file") {
				t.Errorf("the last run: %v, %v, %v", last, found, err)
			}
		})
	}
}

// TestLastLost: a run is archived where somebody has removed the directory of the last runs.
func TestLastLost(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	r, _ := runs(t, base)
	run := service.Run{UUID: domain.UUID{15: 1}, State: service.StateShutoff}
	if _, err := r.Create(run.UUID); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Save(run), os.Remove(filepath.Join(base, "last")), r.Archive(run.UUID)); err != nil {
		t.Error(err)
	}
	if _, found, err := r.Last(run.UUID); !found || err != nil {
		t.Errorf("the last run: found %v, %v", found, err)
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
