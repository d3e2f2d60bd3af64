package store

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/renameio/v2"
)

// TestHalfWritten: what a killed daemon had half written is removed, and nothing else is: a name in which only
// part of that pattern is found is somebody's.
func TestHalfWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{".web.xml123", ".web.xml1", "..x.xml99", ".a b.xml0", ".\xff.xml1"} {
		write(t, filepath.Join(dir, name), "<domain")
	}
	stays := []string{"web.xml123", ".web.xml", ".web.xml12a", ".web.xml.damaged", ".web.xml1.xml", ".xml1", ".web.xm1", ".a.xml1~"}
	for _, name := range stays {
		write(t, filepath.Join(dir, name), "<domain")
	}
	// What replace makes, when it comes no further.
	f, err := renameio.NewPendingFile(filepath.Join(dir, "db.xml"), renameio.WithTempDir(dir), renameio.WithStaticPermissions(0o600))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if half := names(t, dir); len(half) != 5+len(stays)+1 {
		t.Fatalf("renameio makes no file: %q", half)
	}
	slices.Sort(stays)
	for range 2 {
		_, _, log := reload(t, dir)
		if got := names(t, dir); !slices.Equal(got, stays) || log != "" {
			t.Errorf("files: %q, want %q, log %s", got, stays, log)
		}
	}
}

// TestForeign: a file whose name is no definition's is left alone. Of one that is not a regular file, or cannot be
// read, the name is told. None is renamed, and none holds the daemon up: a FIFO would for ever.
func TestForeign(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"web.xml~", "web.xml.damaged", "README", "xml", "web.XML"} {
		write(t, filepath.Join(dir, name), "x")
	}
	write(t, filepath.Join(dir, "web.xml"), xml(t, "web", 1))
	at := func(name string) string { return filepath.Join(dir, name+".xml") }
	for _, err := range []error{
		os.Mkdir(at("dir"), 0o700),
		syscall.Mkfifo(at("fifo"), 0o600),
		os.Symlink("nowhere", at("gone")),
		os.Symlink("loop.xml", at("loop")),
		os.Symlink("/dev/zero", at("zero")),
		os.Symlink("/proc/self/mem", at("mem")), // a regular file whose first page gives EIO
		syscall.Mknod(at("socket"), syscall.S_IFSOCK|0o600, 0),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	before := names(t, dir)
	defs, bad, _ := reload(t, dir)
	if len(defs) != 1 || defs[0].Name != "web" {
		t.Errorf("loaded %v", defs)
	}
	var told []string
	for _, b := range bad {
		told = append(told, b.Name)
		if b.Def != nil || !strings.HasPrefix(b.Err.Error(), at(b.Name)+": ") {
			t.Errorf("%s: %+v", b.Name, b)
		}
	}
	if want := []string{"dir", "fifo", "gone", "loop", "mem", "socket", "zero"}; !slices.Equal(told, want) {
		t.Errorf("bad are %q, not %q", told, want)
	}
	if got := names(t, dir); !slices.Equal(got, before) {
		t.Errorf("files: %q, want %q", got, before)
	}
}

// TestForbidden: a file that we may not open is bad, and is kept when another is saved over it. Root may open any,
// so the test's thread gives that up.
func TestForbidden(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	text := xml(t, "web", 1)
	write(t, filepath.Join(dir, "web.xml"), text)
	if err := os.Chmod(filepath.Join(dir, "web.xml"), 0); err != nil {
		t.Fatal(err)
	}
	store, _ := definitions(t, dir)
	loaded := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if err := syscall.Setfsuid(65534); err != nil {
			loaded <- err
			return
		}
		_, bad, err := store.Load()
		if err == nil && len(bad) == 1 {
			err = bad[0].Err
		}
		loaded <- err
	}()
	if err := <-loaded; err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("loaded: %v", err)
	}
	if err := store.Save(definition(t, "web", 1)); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(filepath.Join(dir, "web.xml"+aside)); err == nil && string(kept) != text {
		t.Errorf("it is kept as %.40q", kept)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"web.xml", "web.xml.damaged"}) {
		t.Errorf("files: %q", got)
	}
}
