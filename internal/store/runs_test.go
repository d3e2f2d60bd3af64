package store

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

func runs(t *testing.T, dir string) (*Runs, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	r, err := NewRuns(dir, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return r, &log
}

func exampleRun(n byte) service.Run {
	at := time.Date(2026, 11, 23, 18, 30, 0, 123456789, time.UTC)
	return service.Run{
		Version: service.RunVersion, UUID: domain.UUID{0: 0xab, 15: n}, State: service.StatePaused, Reason: "user", Changed: at, Started: at.Add(-time.Hour),
		Machine: "web", Unit: "machine-web.scope", Slice: "machine.slice", Group: "/machine.slice/machine-web.scope",
		GroupID: 1<<63 + 1, Supervisor: 41, Leader: 42, Wire: 1, Stopping: true, Destroyed: true, LastExit: service.Exit{Kind: service.ExitKilled, Code: 9}, XML: "<domain type='lxc'>\x00ü</domain>",
	}
}

// begin creates and saves a run.
func begin(t *testing.T, r *Runs, run service.Run) string {
	t.Helper()
	dir, err := r.Create(run.UUID)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Save(run); err != nil {
		t.Fatal(err)
	}
	return dir
}

func reloadRuns(t *testing.T, dir string) (list []service.SavedRun, log string) {
	t.Helper()
	r, text := runs(t, dir)
	list, err := r.Load()
	if err != nil {
		t.Fatal(err)
	}
	return list, text.String()
}

// saved are runs whose notes can be read.
func saved(list ...service.Run) (all []service.SavedRun) {
	for _, run := range list {
		all = append(all, service.SavedRun{Run: run})
	}
	return all
}

// TestRunLife: a run is loaded as it was saved, becomes the last one when it is archived, and is
// gone when it is forgotten.
func TestRunLife(t *testing.T) {
	t.Parallel()
	base := filepath.Join(t.TempDir(), "berth")
	r, _ := runs(t, base)
	one, two := exampleRun(1), exampleRun(2)
	dir := begin(t, r, one)
	begin(t, r, two)
	if dir != r.Dir(one.UUID) || !strings.HasPrefix(dir, base) {
		t.Errorf("the run is in %s", dir)
	}
	for name, mode := range map[string]os.FileMode{
		base: 0o700, filepath.Dir(dir): 0o700, dir: 0o700, filepath.Join(dir, stateFile): 0o600,
	} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%s has mode %o, want %o", name, info.Mode().Perm(), mode)
		}
	}
	one.State, one.LastExit = service.StateRunning, service.Exit{}
	if err := r.Save(one); err != nil {
		t.Fatal(err)
	}
	got, log := reloadRuns(t, base)
	if diff := cmp.Diff(saved(one, two), got); diff != "" || log != "" {
		t.Errorf("loaded (-want +got):\n%s%s", diff, log)
	}
	if _, found, err := r.Last(one.UUID); found || err != nil {
		t.Errorf("it has not ended, and the last is %v, %v", found, err)
	}

	if err := r.Archive(one.UUID); err != nil {
		t.Fatal(err)
	}
	got, _ = reloadRuns(t, base)
	if diff := cmp.Diff(saved(two), got); diff != "" {
		t.Errorf("loaded (-want +got):\n%s", diff)
	}
	last, found, err := r.Last(one.UUID)
	if diff := cmp.Diff(one, last); diff != "" || !found || err != nil {
		t.Errorf("the last is %v, %v (-want +got):\n%s", found, err, diff)
	}

	for _, u := range []domain.UUID{one.UUID, two.UUID, one.UUID} {
		if err := r.Forget(u); err != nil {
			t.Fatal(err)
		}
	}
	if _, found, err := r.Last(one.UUID); found || err != nil {
		t.Errorf("forgotten, the last is %v, %v", found, err)
	}
	if live, last := names(t, filepath.Join(base, "live")), names(t, filepath.Join(base, "last")); live != nil || last != nil {
		t.Errorf("forgotten, there are %q and %q", live, last)
	}
}

// TestCreateOver: what a broken start left in the run's place is no obstacle, and the last run
// stays until this one is archived.
func TestCreateOver(t *testing.T) {
	t.Parallel()
	r, _ := runs(t, t.TempDir())
	run := exampleRun(1)
	write(t, filepath.Join(begin(t, r, run), "old"), "x")
	if err := r.Archive(run.UUID); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(begin(t, r, run), "junk"), "x")
	dir, err := r.Create(run.UUID)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); got != nil {
		t.Errorf("created anew, there is %q", got)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "a file")
	if dir, err = r.Create(run.UUID); err != nil || names(t, dir) != nil {
		t.Errorf("created over a file: %v", err)
	}
	if got := names(t, r.LastDir(run.UUID)); !slices.Equal(got, []string{"old", stateFile}) {
		t.Errorf("the last run has %q", got)
	}
	if err := r.Archive(run.UUID); err != nil {
		t.Fatal(err)
	}
	if got := names(t, r.LastDir(run.UUID)); got != nil {
		t.Errorf("archived over the last one, there is %q", got)
	}
}

// TestArchiveNothing: a run that never was replaces no last one.
func TestArchiveNothing(t *testing.T) {
	t.Parallel()
	r, _ := runs(t, t.TempDir())
	run := exampleRun(1)
	begin(t, r, run)
	for range 2 {
		if err := r.Archive(run.UUID); err != nil {
			t.Fatal(err)
		}
	}
	if _, found, err := r.Last(run.UUID); !found || err != nil {
		t.Errorf("the last run is lost: %v", err)
	}
	if err := r.Archive(domain.UUID{15: 9}); err != nil {
		t.Error(err)
	}
}

// TestSaveNowhere: a run without a directory is not saved, and none is made.
func TestSaveNowhere(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	r, _ := runs(t, base)
	if err := r.Save(exampleRun(1)); err == nil {
		t.Error("saved")
	}
	if got, log := reloadRuns(t, base); len(got) != 0 || log != "" {
		t.Errorf("loaded %v, %s", got, log)
	}
}

// TestLastOnes: the containers with an archived run are listed, whatever is left of that run, and none is listed
// for a live one.
func TestLastOnes(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	r, log := runs(t, base)
	if got, err := r.LastOnes(); got != nil || err != nil {
		t.Errorf("before there is one: %v, %v", got, err)
	}
	one, two, three := exampleRun(1), exampleRun(2), exampleRun(3)
	for _, run := range []service.Run{three, one} {
		begin(t, r, run)
		if err := r.Archive(run.UUID); err != nil {
			t.Fatal(err)
		}
	}
	begin(t, r, two)
	begin(t, r, one)
	if err := os.Remove(filepath.Join(r.LastDir(three.UUID), stateFile)); err != nil {
		t.Fatal(err)
	}
	if got, err := r.LastOnes(); !slices.Equal(got, []domain.UUID{one.UUID, three.UUID}) || err != nil || log.Len() > 0 {
		t.Errorf("last ones: %v, %v, %s", got, err, log)
	}
	write(t, filepath.Join(base, "last", "README"), "x")
	if got, err := r.LastOnes(); len(got) != 2 || err != nil || !strings.Contains(log.String(), filepath.Join(base, "last", "README")) {
		t.Errorf("beside a foreign file: %v, %v, %s", got, err, log)
	}
	if err := r.Forget(one.UUID); err != nil {
		t.Fatal(err)
	}
	if got, err := r.LastOnes(); !slices.Equal(got, []domain.UUID{three.UUID}) || err != nil {
		t.Errorf("one is forgotten: %v, %v", got, err)
	}
}

// TestDiscard: the directory of a run that never began is removed, and what the run before left stays.
func TestDiscard(t *testing.T) {
	t.Parallel()
	r, _ := runs(t, t.TempDir())
	run := exampleRun(1)
	begin(t, r, run)
	if err := r.Archive(run.UUID); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(begin(t, r, run), "junk"), "x")
	for range 2 { // the second time there is none
		if err := r.Discard(run.UUID); err != nil {
			t.Error(err)
		}
	}
	if list, err := r.Load(); len(list) != 0 || err != nil {
		t.Errorf("loaded %v, %v", list, err)
	}
	if last, found, err := r.Last(run.UUID); !found || err != nil || cmp.Diff(run, last) != "" {
		t.Errorf("the last run: %v, %v, %v", last, found, err)
	}
}

// TestRunFailedWrite: a state that cannot be written leaves the old one. See TestFailedWrite.
func TestRunFailedWrite(t *testing.T) {
	base := t.TempDir()
	r, _ := runs(t, base)
	run := exampleRun(1)
	begin(t, r, run)
	changed := run
	changed.State = service.StateRunning
	restore := limitFiles(t)
	err := r.Save(changed)
	restore()
	if err == nil || !strings.HasPrefix(err.Error(), "run state: ") {
		t.Errorf("saved: %v", err)
	}
	got, log := reloadRuns(t, base)
	if diff := cmp.Diff(saved(run), got); diff != "" || log != "" {
		t.Errorf("loaded (-want +got):\n%s%s", diff, log)
	}
	if err := r.Save(changed); err != nil {
		t.Error(err)
	}
}

// TestMakeRoom: the directory of the previous run is removed, and that of the run stays.
func TestMakeRoom(t *testing.T) {
	t.Parallel()
	r, _ := runs(t, t.TempDir())
	run := exampleRun(1)
	begin(t, r, run)
	if err := r.Archive(run.UUID); err != nil {
		t.Fatal(err)
	}
	dir := begin(t, r, run)
	for range 2 {
		if err := r.MakeRoom(run.UUID); err != nil {
			t.Fatal(err)
		}
		if got := names(t, dir); !slices.Equal(got, []string{stateFile}) {
			t.Errorf("the run has %q", got)
		}
		if got := names(t, filepath.Dir(r.LastDir(run.UUID))); got != nil {
			t.Errorf("previous runs: %q", got)
		}
	}
}
