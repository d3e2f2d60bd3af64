package store

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

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

// TestDamaged: a definition that cannot be used is logged and set aside unchanged, and hides no
// other.
func TestDamaged(t *testing.T) {
	t.Parallel()
	good := xml(t, "web", 1)
	for _, c := range []struct{ name, text, why string }{
		{"empty", "", "empty"},
		{"truncated", good[:len(good)/2], "unexpected EOF"},
		{"zeros", strings.Repeat("\x00", 4096), "U+0000"},
		{"no xml", "web", "outside the element"},
		{"another version's", strings.Replace(good, "<memory", "<new/><memory", 1), "domain/new"},
		{"huge", good + strings.Repeat(" ", 2<<20), "bytes"},
		{"another's name", xml(t, "db", 1), `the name inside is \"db\"`},
		{"no uuid", strings.Replace(good, "<uuid>"+domain.UUID{15: 1}.String()+"</uuid>", "", 1), "it has no uuid"},
		{"no name", strings.Replace(good, "web", "", 1), "domain/name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "aaa.xml"), xml(t, "aaa", 2))
			write(t, filepath.Join(dir, "web.xml"), c.text)
			write(t, filepath.Join(dir, "zzz.xml"), xml(t, "zzz", 3))
			defs, log := reload(t, dir)
			if len(defs) != 2 || defs[0].Name != "aaa" || defs[1].Name != "zzz" {
				t.Errorf("loaded %v", defs)
			}
			for _, want := range []string{"level=ERROR", filepath.Join(dir, "web.xml") + " ", "web.xml.damaged", c.why} {
				if !strings.Contains(log, want) {
					t.Errorf("the log lacks %q: %s", want, log)
				}
			}
			if got := names(t, dir); !slices.Equal(got, []string{"aaa.xml", "web.xml.damaged", "zzz.xml"}) {
				t.Errorf("files: %q", got)
			}
			kept, err := os.ReadFile(filepath.Join(dir, "web.xml.damaged"))
			if err != nil || !bytes.Equal(kept, []byte(c.text)) {
				t.Errorf("set aside, it is %.40q, %v", kept, err)
			}
			if defs, log := reload(t, dir); len(defs) != 2 || log != "" {
				t.Errorf("the second time: %d definitions, %s", len(defs), log)
			}
		})
	}
}

// TestDamagedAgain: a second damaged file of a name is kept beside the first.
func TestDamagedAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	long := strings.Repeat("x", 231)
	for _, text := range []string{"first", "second", "third"} {
		write(t, filepath.Join(dir, long+".xml"), text)
		reload(t, dir)
	}
	for suffix, want := range map[string]string{".damaged": "first", ".damaged.1": "second", ".damaged.2": "third"} {
		got, err := os.ReadFile(filepath.Join(dir, long+".xml"+suffix))
		if err != nil || string(got) != want {
			t.Errorf("%s is %q, %v", suffix, got, err)
		}
	}
	if got := names(t, dir); len(got) != 3 {
		t.Errorf("files: %q", got)
	}
}

// TestDuplicate: of two definitions with one uuid the first by name is taken.
func TestDuplicate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"c", "b", "a"} {
		write(t, filepath.Join(dir, name+".xml"), xml(t, name, 1))
	}
	defs, log := reload(t, dir)
	if len(defs) != 1 || defs[0].Name != "a" {
		t.Errorf("loaded %v", defs)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"a.xml", "b.xml.damaged", "c.xml.damaged"}) {
		t.Errorf("files: %q", got)
	}
	if strings.Count(log, `is also that of \"a\"`) != 2 {
		t.Errorf("log: %s", log)
	}
}

// TestForeign: a file whose name is no definition's is left alone. A directory, FIFO or dead link
// is logged and never opened: a FIFO would hold the daemon up for ever.
func TestForeign(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{".web.xml123", "web.xml~", "web.xml.damaged", "README", "xml"} {
		write(t, filepath.Join(dir, name), "x")
	}
	write(t, filepath.Join(dir, "web.xml"), xml(t, "web", 1))
	alone := append(names(t, dir), "dir.xml", "fifo.xml.damaged", "gone.xml.damaged")
	if err := os.Mkdir(filepath.Join(dir, "dir.xml"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo.xml"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "gone.xml")); err != nil {
		t.Fatal(err)
	}
	defs, log := reload(t, dir)
	if len(defs) != 1 || defs[0].Name != "web" {
		t.Errorf("loaded %v", defs)
	}
	slices.Sort(alone)
	if got := names(t, dir); !slices.Equal(got, alone) {
		t.Errorf("files: %q, want %q", got, alone)
	}
	for _, name := range []string{"dir.xml", "fifo.xml", "gone.xml"} {
		if !strings.Contains(log, name) {
			t.Errorf("the log lacks %s: %s", name, log)
		}
	}
}
