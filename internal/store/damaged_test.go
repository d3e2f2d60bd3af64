package store

import (
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

func xml(t *testing.T, name string, n byte) string {
	t.Helper()
	text, err := definition(t, name, n).Format(domain.FormatOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// identity is a definition of which only name and uuid could be read.
func identity(name string, n byte) *domain.Def {
	d := &domain.Def{Name: name}
	if n != 0 {
		d.UUID = domain.UUID{15: n}
	}
	return d
}

// TestDamaged: a definition that cannot be used stays where it is, is told of with all that could be read of it,
// and hides no other.
func TestDamaged(t *testing.T) {
	t.Parallel()
	good := xml(t, "web", 1)
	uuid := "<uuid>" + domain.UUID{15: 1}.String() + "</uuid>"
	for _, c := range []struct {
		name, text, why string
		def             *domain.Def
	}{
		{"empty", "", "empty", nil},
		{"truncated", good[:len(good)/2], "unexpected EOF", identity("web", 1)},
		{"zeros", strings.Repeat("\x00", 4096), "U+0000", nil},
		{"no xml", "web", "outside the outermost element", nil},
		{"another version's", strings.Replace(good, "<memory", "<new/><memory", 1), "domain/new", identity("web", 1)},
		{"large", good + strings.Repeat(" ", 1<<20), "bytes", identity("web", 1)},
		{"huge", good + strings.Repeat(" ", maxDefinition), "the limit is 2097152", identity("web", 1)},
		{"another's name", xml(t, "db", 1), `the name inside is "db"`, identity("db", 1)},
		{"no uuid", strings.Replace(good, uuid, "", 1), "it has no uuid", identity("web", 0)},
		{"no name", strings.Replace(good, "web", "", 1), "domain/name", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "web.xml")
			write(t, filepath.Join(dir, "aaa.xml"), xml(t, "aaa", 2))
			write(t, file, c.text)
			write(t, filepath.Join(dir, "zzz.xml"), xml(t, "zzz", 3))
			for range 2 { // the next daemon sees the same
				defs, bad, log := reload(t, dir)
				if len(defs) != 2 || defs[0].Name != "aaa" || defs[1].Name != "zzz" || log != "" {
					t.Errorf("loaded %v, %s", defs, log)
				}
				if len(bad) != 1 || bad[0].Name != "web" {
					t.Fatalf("bad: %v", bad)
				}
				if err := bad[0].Err.Error(); !strings.HasPrefix(err, file+": ") || !strings.Contains(err, c.why) {
					t.Errorf("it is bad for %q, want %q", err, c.why)
				}
				if diff := cmp.Diff(c.def, bad[0].Def); diff != "" {
					t.Errorf("read of it (-want +got):\n%s", diff)
				}
			}
			if got := names(t, dir); !slices.Equal(got, []string{"aaa.xml", "web.xml", "zzz.xml"}) {
				t.Errorf("files: %q", got)
			}
			if kept, err := os.ReadFile(file); err != nil || string(kept) != c.text {
				t.Errorf("it is %.40q, %v", kept, err)
			}
		})
	}
}

// TestHugeFiles: a definition and a note of 3 GB are refused without being read. The test measures memory, so it does
// not run beside others.
func TestHugeFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "web.xml")
	write(t, file, xml(t, "web", 1))
	u := domain.UUID{15: 1}
	runs, err := NewRuns(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	run, err := runs.Create(u)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(run, stateFile), "{}")
	for _, f := range []string{file, filepath.Join(run, stateFile)} {
		if err := os.Truncate(f, 3<<30); err != nil {
			t.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, bad, _ := reload(t, dir)
	saved, err := runs.Load()
	runtime.ReadMemStats(&after)
	if len(bad) != 1 || bad[0].Def == nil || bad[0].Def.UUID != u || !strings.Contains(bad[0].Err.Error(), "3221225472 bytes") {
		t.Errorf("the definition: %+v", bad)
	}
	if err != nil || len(saved) != 1 || saved[0].Err == nil || !strings.Contains(saved[0].Err.Error(), "3221225472 bytes") {
		t.Errorf("the note: %+v, %v", saved, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("it took %d KiB", used>>10)
	}
}

// TestDamagedReplaced: a file that cannot be read is kept under another name when a definition of its name is
// saved, beside those that were kept before.
func TestDamagedReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	long := strings.Repeat("x", 231)
	file := filepath.Join(dir, long+".xml")
	for i, text := range []string{"first", "second", "third"} {
		write(t, file, text)
		store, log := definitions(t, dir)
		if _, bad, err := store.Load(); err != nil || len(bad) != 1 {
			t.Fatalf("bad: %v, %v", bad, err)
		}
		if log.Len() > 0 {
			t.Errorf("to load renames: %s", log)
		}
		for range 2 { // the second one replaces what is good
			if err := store.Save(definition(t, long, 1)); err != nil {
				t.Fatal(err)
			}
		}
		if got := names(t, dir); len(got) != i+2 {
			t.Errorf("files: %q", got)
		}
		if !strings.Contains(log.String(), ".damaged") || strings.Count(log.String(), "\n") != 1 {
			t.Errorf("log: %s", log)
		}
	}
	for suffix, want := range map[string]string{".damaged": "first", ".damaged.1": "second", ".damaged.2": "third"} {
		got, err := os.ReadFile(file + suffix)
		if err != nil || string(got) != want {
			t.Errorf("%s is %q, %v", suffix, got, err)
		}
	}
	if defs, bad, _ := reload(t, dir); len(defs) != 1 || bad != nil {
		t.Errorf("loaded %v, bad %v", defs, bad)
	}
}

// TestDamagedStays: when a file that cannot be read cannot be kept under another name, nothing is saved over it,
// however often that is tried. A directory stands for what cannot be kept: link(2) refuses it.
func TestDamagedStays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "web.xml")
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	store, _ := definitions(t, dir)
	if _, bad, err := store.Load(); err != nil || len(bad) != 1 {
		t.Fatalf("bad: %v, %v", bad, err)
	}
	if err := store.Save(definition(t, "web", 1)); err == nil || !strings.Contains(err.Error(), "keep the unreadable definition") {
		t.Errorf("saved: %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	write(t, file, "unreadable")
	if err := store.Save(definition(t, "web", 1)); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(file + aside); err != nil || string(kept) != "unreadable" {
		t.Errorf("it was replaced and not kept: %q, %v, of %q", kept, err, names(t, dir))
	}
}

// TestDamagedGone: an unreadable file that is removed, by us or by hand, is no obstacle to a definition.
func TestDamagedGone(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(d *Definitions, file string) error{
		"by us":   func(d *Definitions, _ string) error { return d.Remove("web") },
		"by hand": func(_ *Definitions, file string) error { return os.Remove(file) },
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "web.xml"), "junk")
		store, log := definitions(t, dir)
		if _, bad, err := store.Load(); err != nil || len(bad) != 1 {
			t.Fatalf("%s: bad: %v, %v", name, bad, err)
		}
		if err := remove(store, filepath.Join(dir, "web.xml")); err != nil {
			t.Fatal(err)
		}
		if err := store.Save(definition(t, "web", 1)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := names(t, dir); !slices.Equal(got, []string{"web.xml"}) || log.Len() > 0 {
			t.Errorf("%s: files: %q, %s", name, got, log)
		}
	}
}

// TestDuplicate: of two definitions with one uuid the first by name is taken, the others are bad.
func TestDuplicate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"c", "b", "a"} {
		write(t, filepath.Join(dir, name+".xml"), xml(t, name, 1))
	}
	defs, bad, _ := reload(t, dir)
	if len(defs) != 1 || defs[0].Name != "a" {
		t.Errorf("loaded %v", defs)
	}
	if len(bad) != 2 {
		t.Fatalf("bad: %v", bad)
	}
	for i, name := range []string{"b", "c"} {
		if !strings.Contains(bad[i].Err.Error(), `is also that of "a"`) || bad[i].Name != name || bad[i].Def.Name != name {
			t.Errorf("%s: %+v", name, bad[i])
		}
	}
	if got := names(t, dir); !slices.Equal(got, []string{"a.xml", "b.xml", "c.xml"}) {
		t.Errorf("files: %q", got)
	}
}
