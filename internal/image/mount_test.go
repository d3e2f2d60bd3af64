package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/plan"
)

func file16(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, make([]byte, 16), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestOpenImage: only a regular file is an image and only a block device is a device. Neither is
// opened for writing, nor waited for.
func TestOpenImage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe, link, dangling, image := filepath.Join(dir, "pipe"), filepath.Join(dir, "link"), filepath.Join(dir, "dangling"), file16(t)
	if err := errors.Join(unix.Mkfifo(pipe, 0o600), os.Symlink(image, link), os.Symlink("nothing", dangling)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		kind plan.SourceKind
		want string // of the error
	}{
		{image, plan.SourceImage, ""},
		{link, plan.SourceImage, ""},
		{image, plan.SourceBlock, "it is not a block device"},
		{os.DevNull, plan.SourceBlock, "it is not a block device"},
		{os.DevNull, plan.SourceImage, "it is not a regular file"},
		{dir, plan.SourceImage, "it is not a regular file"},
		{pipe, plan.SourceImage, "it is not a regular file"}, // and nobody waits for its other end
		{pipe, plan.SourceBlock, "it is not a block device"},
		{dangling, plan.SourceImage, "no such file or directory"},
		{image + "/x", plan.SourceImage, "not a directory"},
	} {
		f, err := openImage(c.path, c.kind)
		if c.want != "" {
			if err == nil || err.Error() != c.want {
				t.Errorf("%s as %s: %v, want %q", c.path, c.kind, err, c.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s as %s: %v", c.path, c.kind, err)
			continue
		}
		if _, err := f.Write([]byte("x")); f.Name() != c.path || !errors.Is(err, unix.EBADF) {
			t.Errorf("%s: named %s, and a write says %v", c.path, f.Name(), err)
		}
		_ = f.Close()
	}
}

// TestReopen: reopen gives the file that was open, not the one that its path leads to by now.
func TestReopen(t *testing.T) {
	t.Parallel()
	path := file16(t)
	f, err := openImage(path, plan.SourceImage)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte("another"), 0o600)); err != nil {
		t.Fatal(err)
	}
	g, err := reopen(f, os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = g.Close() }()
	if st, err := g.Stat(); err != nil || st.Size() != 16 {
		t.Errorf("%+v, %v", st, err)
	}
}

// pair is two users of one image, who may be read-only, and what the second is told.
type pair struct {
	first, second bool // read-only
	want          error
}

func users() map[string]pair {
	return map[string]pair{
		"two writers": {false, false, errImageInUse}, "writer and reader": {false, true, errImageInUse},
		"reader and writer": {true, false, errImageInUse}, "two readers": {true, true, nil},
	}
}

// TestLock: an image has many readers or one writer.
func TestLock(t *testing.T) {
	t.Parallel()
	for name, c := range users() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, b := readers(t)
				r := unusedLocks(t)
				take(t, r, a, c.first)
				held, err := r.take(t.Context(), b, c.second, "two")
				if !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
				_ = held.Close()
			})
		})
	}
}

// TestLockWaits: a container that starts again waits until its last life has given the image back.
// Another waits a moment only.
func TestLockWaits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after    time.Duration
		readOnly bool // of the first
		place    string
		want     error
	}{
		"a moment":              {lockLimit / 2, false, "two", nil},
		"longer, for another":   {lockLimit * 2, false, "two", errImageInUse},
		"longer, for its own":   {lockLimit * 2, false, "one", nil},
		"longer, of one reader": {lockLimit * 2, true, "one", errImageInUse}, // it may be any reader's
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := unusedLocks(t)
				a, b := readers(t)
				first := take(t, r, a, c.readOnly)
				time.AfterFunc(c.after, func() { _ = first.Close() })
				held, err := r.take(t.Context(), b, false, c.place)
				if !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
				_ = held.Close()
				time.Sleep(c.after)
			})
		})
	}
}

// TestLockEnds: the wait for an image ends with the start's context.
func TestLockEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := unusedLocks(t)
		a, b := readers(t)
		take(t, r, a, false)
		ctx, cancel := context.WithTimeout(t.Context(), lockLimit/2)
		defer cancel()
		if _, err := r.take(ctx, b, false, "two"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// TestWaitFor: a device that does not answer holds nobody and is named, and what comes too late is closed.
func TestWaitFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			after    time.Duration
			late     bool
			at, want string
		}{
			{time.Second, false, "", "<nil>"},
			{time.Hour, true, "", "it does not answer: context deadline exceeded"},
			{time.Hour, true, "filesystem source /a", "filesystem source /a does not answer: context deadline exceeded"},
		} {
			a, b := readers(t)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			begin := time.Now()
			files, err := waitFor(ctx, func(at func(string)) ([]*os.File, error) {
				if c.at != "" {
					at(c.at)
				}
				time.Sleep(c.after)
				return []*os.File{a, b}, nil
			})
			if took := time.Since(begin); took > time.Minute || (len(files) == 0) != c.late || errors.Is(err, context.DeadlineExceeded) != c.late || fmt.Sprint(err) != c.want {
				t.Errorf("after %v: %d files, %v", took, len(files), err)
			}
			time.Sleep(c.after)
			synctest.Wait()
			for _, f := range []*os.File{a, b} {
				if _, err := f.Stat(); errors.Is(err, os.ErrClosed) != c.late {
					t.Errorf("late is %t, and then a file says %v", c.late, err)
				}
			}
		}
	})
}

// readers open the same file twice, only to read.
func readers(t *testing.T) (a, b *os.File) {
	t.Helper()
	path := file16(t)
	for _, f := range []**os.File{&a, &b} {
		var err error
		if *f, err = os.Open(path); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = (*f).Close() })
	}
	return a, b
}

// unusedLocks are locks on a host without loop devices.
func unusedLocks(t *testing.T) *locks {
	t.Helper()
	l := newLocks(filepath.Join(t.TempDir(), "locks"))
	l.loops.list = func() ([]string, error) { return nil, nil }
	return l
}

// take takes the lock of an image for the place "one" until the test's end.
func take(t *testing.T, l *locks, image *os.File, readOnly bool) *os.File {
	t.Helper()
	held, err := l.take(t.Context(), image, readOnly, "one")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = held.Close() })
	return held
}

// TestExplain: an error of mount(2) says what the definition can do about it.
func TestExplain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err      error
		readOnly bool
		want     string
	}{
		{unix.EROFS, false, "needs <readonly/>"},
		{unix.EACCES, false, "needs <readonly/>"},
		{unix.EROFS, true, "without <readonly/>"},
		{unix.EBUSY, false, "mounted elsewhere with another <readonly/>"},
		{unix.EINVAL, false, "invalid argument"},
	} {
		if got := explain(c.err, c.readOnly); !errors.Is(got, c.err) || !strings.HasSuffix(got.Error(), c.want) {
			t.Errorf("%v, %t: %v", c.err, c.readOnly, got)
		}
	}
}

// TestExplainType: a copy of a btrfs that this kernel cannot mount is said to be one. Any other error stays.
func TestExplainType(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fstype string
		err    error
		told   bool
	}{{"btrfs", unix.EEXIST, true}, {"btrfs", unix.EINVAL, false}, {"ext4", unix.EEXIST, false}} {
		got := explainType(c.fstype, c.err)
		if !errors.Is(got, c.err) || strings.Contains(got.Error(), "btrfstune -u") != c.told {
			t.Errorf("%s: %v: %v", c.fstype, c.err, got)
		}
	}
}
