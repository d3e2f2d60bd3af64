package looks

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

var errGone = errors.New("the caller has left")

// TestAt: a look returns what it has seen, and gives its places back. Whose context has ended before does not look.
func TestAt(t *testing.T) {
	t.Parallel()
	l := New(1, 1, filepath.Dir)
	for range 3 {
		if n, err := At(t.Context(), l, "/a", func() (int, error) { return 7, nil }, nil); n != 7 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if _, err := At(t.Context(), l, "/b", func() (int, error) { return 0, errGone }, nil); !errors.Is(err, errGone) {
			t.Error(err)
		}
	}
	ctx, leave := context.WithCancelCause(t.Context())
	leave(errGone)
	if _, err := At(ctx, l, "/a", func() (int, error) { t.Error("a look"); return 0, nil }, nil); err != errGone { //nolint:errorlint // nothing is said of the file system
		t.Error(err)
	}
	if len(l.groups) > 0 {
		t.Errorf("%d groups are left", len(l.groups))
	}
}

// TestUnanswered: a caller leaves with his context, and the look goes on and holds its places: of its own file system,
// and of all. Who gets none of them leaves with his context, too. When the look is over, its value is dropped, and the
// places are free.
func TestUnanswered(t *testing.T) {
	t.Parallel()
	l := New(2, 1, filepath.Dir)
	stuck := map[string]chan int{"/a/1": make(chan int), "/b/1": make(chan int)}
	dropped := make(chan int, 1)
	for _, path := range []string{"/a/1", "/b/1"} {
		ctx, leave := context.WithCancelCause(t.Context())
		_, err := At(ctx, l, path, func() (int, error) { leave(errGone); return <-stuck[path], nil }, func(n int) { dropped <- n })
		if want := "the file system of " + path + " does not answer: the caller has left"; !errors.Is(err, errGone) || err.Error() != want {
			t.Error(err)
		}
		never := func(path, says string) {
			ctx, leave := context.WithCancelCause(t.Context())
			leave(errGone)
			_, err := At(ctx, l, path, func() (int, error) { t.Error("a look at " + path); return 0, nil }, nil)
			if !errors.Is(err, errGone) || !strings.HasPrefix(err.Error(), path+" was not looked at, because "+says) {
				t.Errorf("%s: %v", path, err)
			}
		}
		never(filepath.Dir(path)+"/2", "1 other looks")
		if path == "/b/1" {
			never("/c/1", "2 other looks")
		} else if n, err := At(t.Context(), l, "/c/1", func() (int, error) { return 7, nil }, nil); n != 7 || err != nil {
			t.Errorf("another file system: %d, %v", n, err)
		}
	}
	for path, answer := range stuck {
		later := make(chan error)
		go func() {
			_, err := At(t.Context(), l, filepath.Dir(path)+"/2", func() (int, error) { return 0, nil }, nil)
			later <- err
		}()
		answer <- 3
		if got := <-dropped; got != 3 {
			t.Errorf("%s: %d was dropped", path, got)
		}
		if err := <-later; err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if len(l.groups) > 0 {
		t.Errorf("%d groups are left", len(l.groups))
	}
}
