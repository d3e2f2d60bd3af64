package store

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// TestFailedWrite: a save that fails keeps the old definition and leaves no half of the new one.
// The test limits the size of files, as a full disk does, for the whole process, so it does not run
// beside others.
func TestFailedWrite(t *testing.T) {
	dir := t.TempDir()
	store, _ := definitions(t, dir)
	old := definition(t, "web", 1)
	if err := store.Save(old); err != nil {
		t.Fatal(err)
	}
	changed := definition(t, "web", 1)
	changed.Title = "new"
	fail := limitFiles(t)
	errSave, errNew := store.Save(changed), store.Save(definition(t, "db", 2))
	fail()
	for _, err := range []error{errSave, errNew} {
		if !errors.Is(err, syscall.EFBIG) || !strings.HasPrefix(err.Error(), "save definition") {
			t.Errorf("saved: %v", err)
		}
	}
	if got := names(t, dir); !slices.Equal(got, []string{"web.xml"}) {
		t.Errorf("files: %q", got)
	}
	got, bad, log := reload(t, dir)
	if diff := cmp.Diff([]*domain.Def{old}, got); diff != "" || log != "" || bad != nil {
		t.Errorf("loaded (-want +got):\n%s%v%s", diff, bad, log)
	}
}

// limitFiles makes writes fail until what it returns is called.
func limitFiles(t *testing.T) (restore func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 16, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Fatal(err)
		}
		signal.Reset(syscall.SIGXFSZ)
	}
}

// TestSaveInTheWay: a directory in a definition's place is an error without litter, and a link
// there is replaced, not followed.
func TestSaveInTheWay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, _ := definitions(t, dir)
	if err := os.Mkdir(filepath.Join(dir, "web.xml"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := store.Save(definition(t, "web", 1)); err == nil {
		t.Error("saved over a directory")
	}
	if got := names(t, dir); !slices.Equal(got, []string{"web.xml"}) {
		t.Errorf("files: %q", got)
	}
	// A link's target is not ours to write.
	target := filepath.Join(t.TempDir(), "target")
	write(t, target, "theirs")
	if err := os.Symlink(target, filepath.Join(dir, "db.xml")); err != nil {
		t.Fatal(err)
	}
	if err := store.Save(definition(t, "db", 2)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(target)
	if err != nil || string(text) != "theirs" {
		t.Errorf("the link's target is %q, %v", text, err)
	}
}

// TestLost: a directory that cannot be read is an error, not "no definitions".
func TestLost(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "containers")
	store, _ := definitions(t, dir)
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if defs, bad, err := store.Load(); !errors.Is(err, os.ErrNotExist) || defs != nil || bad != nil {
		t.Errorf("loaded %v, %v, %v", defs, bad, err)
	}
	if err := store.Save(definition(t, "web", 1)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("saved: %v", err)
	}
	write(t, dir, "a file")
	if _, _, err := store.Load(); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("loaded: %v", err)
	}
	if _, err := NewDefinitions(dir, nil); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("made: %v", err)
	}
}

// TestNoRoom: definitions and runs that cannot be listed, for want of a descriptor, are an error and none is
// renamed. The limit is the whole process's, so this test does not run beside others.
func TestNoRoom(t *testing.T) {
	dir, base := t.TempDir(), t.TempDir()
	store, _ := definitions(t, dir)
	write(t, filepath.Join(dir, "web.xml"), xml(t, "web", 1))
	r, _ := runs(t, base)
	run := exampleRun(1)
	begin(t, r, run)
	restore := leaveNoRoom(t)
	defs, bad, err := store.Load()
	list, errRuns := r.Load()
	last, errLast := r.LastOnes()
	restore()
	if defs != nil || bad != nil || !errors.Is(err, syscall.EMFILE) {
		t.Errorf("definitions: %v, %v, %v", defs, bad, err)
	}
	if list != nil || !errors.Is(errRuns, syscall.EMFILE) || last != nil || !errors.Is(errLast, syscall.EMFILE) {
		t.Errorf("runs: %v, %v; last ones: %v, %v", list, errRuns, last, errLast)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"web.xml"}) {
		t.Errorf("files: %q", got)
	}
	if got, log := reloadRuns(t, base); len(got) != 1 || got[0].Err != nil || log != "" {
		t.Errorf("then: %v, %s", got, log)
	}
}

// leaveNoRoom lets the process open no descriptor until the function that it returns is called.
func leaveNoRoom(t *testing.T) (restore func()) {
	t.Helper()
	next, err := syscall.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	_ = syscall.Close(next)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: uint64(next), Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
			t.Fatal(err)
		}
	}
}
