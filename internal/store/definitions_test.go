package store

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// definition makes one with the uuid …-NN.
func definition(t *testing.T, name string, n byte) *domain.Def {
	t.Helper()
	text := fmt.Sprintf(`<domain type='lxc'><name>%s</name><uuid>%s</uuid><memory>65536</memory>`+
		`<os><type>exe</type><init>/init</init></os></domain>`, name, domain.UUID{15: n})
	d, err := domain.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func definitions(t *testing.T, dir string) (*Definitions, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	d, err := NewDefinitions(dir, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return d, &log
}

// reload reads a directory as the next daemon would.
func reload(t *testing.T, dir string) (defs []*domain.Def, bad []service.Unreadable, log string) {
	t.Helper()
	d, text := definitions(t, dir)
	defs, bad, err := d.Load()
	if err != nil {
		t.Fatal(err)
	}
	return defs, bad, text.String()
}

// names are those of a directory's files.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestSaveLoad: a definition of any name is loaded as it was saved, and is gone when it is removed.
func TestSaveLoad(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a [b]*?", "containers")
	store, log := definitions(t, dir)
	var want []*domain.Def
	for i, name := range []string{
		"web", "a b", "ünï", "-x", "[a]", "*", "?", "{a,b}", `a\b`, ".x", "...", "~", "$HOME", "3", "a.xml",
		"b.xml.damaged", strings.Repeat("x", 231), strings.Repeat("ü", 115),
	} {
		d := definition(t, name, byte(i+1))
		if err := store.Save(d); err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		want = append(want, d)
	}
	if got := names(t, dir); len(got) != len(want) {
		t.Errorf("%d definitions are in %d files: %q", len(want), len(got), got)
	}
	got, bad, warned := reload(t, dir)
	byName := func(a, b *domain.Def) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(want, byName)
	slices.SortFunc(got, byName)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("loaded (-want +got):\n%s", diff)
	}
	for _, d := range want {
		if err := store.Remove(d.Name); err != nil {
			t.Errorf("remove %q: %v", d.Name, err)
		}
		if err := store.Remove(d.Name); err != nil {
			t.Errorf("remove %q again: %v", d.Name, err)
		}
	}
	if left := names(t, dir); left != nil {
		t.Errorf("removed, there is still %q", left)
	}
	if log.Len() > 0 || warned != "" || bad != nil {
		t.Errorf("bad: %v, log: %s%s", bad, log, warned)
	}
}

// TestSavedFile: the file says whose it is and only root can read it, since initenv may hold
// secrets.
func TestSavedFile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "containers")
	store, _ := definitions(t, dir)
	file := filepath.Join(dir, "web.xml")
	for _, before := range []string{"no file", "a file that all may read"} {
		d := definition(t, "web", 1)
		d.Title = before
		if err := store.Save(d); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := d.Format(domain.FormatOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(header+want+"\n", string(text)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		for name, mode := range map[string]os.FileMode{dir: 0o700, file: 0o600} {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != mode {
				t.Errorf("%s: %s has mode %o, want %o", before, name, info.Mode().Perm(), mode)
			}
		}
		if err := os.Chmod(file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.HasPrefix(header, "<!--") || !strings.Contains(header, "berthctl define") {
		t.Errorf("the header is %q", header)
	}
}

// TestSaveElsewhere: the new file is made beside the old one, whatever TMPDIR says. Elsewhere it
// would get that place's SELinux type.
func TestSaveElsewhere(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	store, _ := definitions(t, dir)
	t.Setenv("TMPDIR", elsewhere)
	if err := os.Chmod(elsewhere, 0o700); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Save(definition(t, "web", 1)); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	if !after.ModTime().Equal(before.ModTime()) {
		t.Error("there was a file in TMPDIR")
	}
	if got := names(t, dir); !slices.Equal(got, []string{"web.xml"}) {
		t.Errorf("files: %q", got)
	}
}
