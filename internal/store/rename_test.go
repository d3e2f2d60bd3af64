package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// TestRename: a renamed definition is loaded under its new name only, and its file has no trace of the rename.
func TestRename(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, _ := definitions(t, dir)
	if err := store.Save(definition(t, "web", 1)); err != nil {
		t.Fatal(err)
	}
	renamed := definition(t, "-a \"new\" näme", 1)
	if err := store.Rename(renamed, "web"); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{renamed.Name + ".xml"}) {
		t.Errorf("files: %q", got)
	}
	text, err := os.ReadFile(filepath.Join(dir, renamed.Name+".xml"))
	if err != nil || strings.Contains(string(text), "renamed from") {
		t.Errorf("%v: %s", err, text)
	}
	defs, bad, log := reload(t, dir)
	if diff := cmp.Diff([]*domain.Def{renamed}, defs); diff != "" || bad != nil || log != "" {
		t.Errorf("bad %v, log %q, -want +got\n%s", bad, log, diff)
	}
}

// TestRenameCutOff: a rename that a daemon's death cut off is complete for the next daemon, whichever name is first.
func TestRenameCutOff(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "z"} {
		dir := t.TempDir()
		store, _ := definitions(t, dir)
		old, renamed := definition(t, "m", 1), definition(t, name, 1)
		if err := store.Rename(renamed, "m"); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, name+".xml")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		write(t, file, "<!-- renamed from 6d -->\n"+string(text))
		if err := store.Save(old); err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second daemon finds nothing to do
			defs, bad, _ := reload(t, dir)
			if diff := cmp.Diff([]*domain.Def{renamed}, defs); diff != "" || bad != nil {
				t.Errorf("to %s: bad %v, -want +got\n%s", name, bad, diff)
			}
			if got := names(t, dir); !slices.Equal(got, []string{name + ".xml"}) {
				t.Errorf("files: %q", got)
			}
		}
	}
}

// TestRenameFails: a rename over a file that is there, or that cannot remove the old name, changes nothing.
func TestRenameFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, _ := definitions(t, dir)
	if err := store.Save(definition(t, "web", 1)); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "other.xml"), "somebody's")
	if err := store.Rename(definition(t, "other", 1), "web"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "stuck.xml/x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := store.Rename(definition(t, "new", 1), "stuck"); err == nil {
		t.Error("the old name cannot be removed, and that is no error")
	}
	if got := names(t, dir); !slices.Equal(got, []string{"other.xml", "stuck.xml", "web.xml"}) {
		t.Errorf("files: %q", got)
	}
}
