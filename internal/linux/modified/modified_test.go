package modified

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inotify"
)

func write(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func over(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// TestNextIn: the making of a file or directory is told once to who waits for its name, and to nobody else. A directory
// that is made anew is another one.
func TestNextIn(t *testing.T) {
	t.Parallel()
	var f Files
	dir := filepath.Join(t.TempDir(), "dir")
	if _, _, err := f.NextIn(dir, "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without the directory: %v", err)
	}
	for range 2 {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		var made [3]<-chan struct{}
		var cancel [3]func()
		for i, name := range []string{"a", "b", "c"} {
			var err error
			if made[i], cancel[i], err = f.NextIn(dir, name); err != nil {
				t.Fatal(err)
			}
		}
		cancel[1]()
		write(t, filepath.Join(dir, "b"))
		if err := os.Mkdir(filepath.Join(dir, "a"), 0o700); err != nil {
			t.Fatal(err)
		}
		<-made[0]
		cancel[0]()
		if over(made[1]) || over(made[2]) {
			t.Error("another name is told")
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if cancel[2](); over(made[2]) {
			t.Error("the end of the directory is told")
		}
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if len(f.awaited) > 1 { // the end of the last one may not have been read
		t.Errorf("still watched: %v", f.awaited)
	}
}

// TestNext: the next modification of a file is told once to who waits for it, and to nobody else.
func TestNext(t *testing.T) {
	t.Parallel()
	var f Files
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, a)
	write(t, b)
	for range 3 {
		modified, cancel, err := f.Next(a)
		if err != nil {
			t.Fatal(err)
		}
		other, forget, err := f.Next(b)
		if err != nil {
			t.Fatal(err)
		}
		if over(modified) {
			t.Error("it is told before")
		}
		write(t, a)
		write(t, a)
		<-modified
		cancel()
		if over(other) {
			t.Error("the other file is told")
		}
		forget()
		forget()
		write(t, b)
		if len(f.waiting) > 0 {
			t.Errorf("%d watches are left", len(f.waiting))
		}
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// TestNextOfRemoved: the removal of the file ends the wait, and a file that is missing is fs.ErrNotExist.
func TestNextOfRemoved(t *testing.T) {
	t.Parallel()
	var f Files
	file := filepath.Join(t.TempDir(), "file")
	if _, _, err := f.Next(file); !errors.Is(err, fs.ErrNotExist) || f.instance != nil {
		t.Errorf("%v, an instance: %v", err, f.instance != nil)
	}
	write(t, file)
	modified, _, err := f.Next(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	select {
	case <-modified:
	case <-time.After(time.Minute):
		t.Error("the wait goes on")
	}
	if _, _, err := f.Next(file); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// TestOverflow: when the kernel has lost events, everybody is told, and whoever waits again is told of the next
// modification.
func TestOverflow(t *testing.T) {
	t.Parallel()
	var f Files
	dir := t.TempDir()
	wait := func(name string) <-chan struct{} {
		t.Helper()
		modified, _, err := f.Next(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return modified
	}
	write(t, filepath.Join(dir, "a"))
	write(t, filepath.Join(dir, "b"))
	a, b := wait("a"), wait("b")
	f.heard(inotify.Event{Watch: -1, Mask: unix.IN_Q_OVERFLOW})
	if !over(a) || !over(b) || len(f.waiting) > 0 {
		t.Errorf("told: %v, %v; %d wait", over(a), over(b), len(f.waiting))
	}
	modified := wait("a")
	write(t, filepath.Join(dir, "a"))
	<-modified
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// TestCloseNothing: files that nobody has waited for can be closed.
func TestCloseNothing(t *testing.T) {
	t.Parallel()
	if err := new(Files).Close(); err != nil {
		t.Error(err)
	}
}
