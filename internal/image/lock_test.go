package image

import (
	"errors"
	"os"
	"testing"
	"testing/synctest"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/loop"
)

// TestLockOfStrangers: who may only read an image can lock it in each way that there is, and keeps no container from
// it.
func TestLockOfStrangers(t *testing.T) {
	t.Parallel()
	image, stranger := readers(t)
	for name, lock := range map[string]func() error{
		"flock": func() error { return unix.Flock(int(stranger.Fd()), unix.LOCK_EX|unix.LOCK_NB) },
		"record": func() error {
			return unix.FcntlFlock(stranger.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_RDLCK})
		},
	} {
		if err := lock(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	l := unusedLocks(t)
	held, err := l.take(t.Context(), image, false, "one")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Close() }()
	if info, err := os.Stat(l.file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file of the locks: %v, %v", info, err)
	}
}

// TestLockOfLoops: an image that a loop device shows, of an earlier daemon or of anybody else, is in use, unless both
// only read. It is free when the device shows it no more.
func TestLockOfLoops(t *testing.T) {
	t.Parallel()
	for name, c := range users() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				image, other := readers(t)
				id, err := inodeOf(image)
				if err != nil {
					t.Fatal(err)
				}
				shown := map[string]loop.Shown{"/dev/loop7": {Dev: id.dev, Ino: id.ino, ReadOnly: c.first}, "/dev/loop8": {Dev: id.dev, Ino: id.ino + 1}}
				l := unusedLocks(t)
				l.loops.list = func() ([]string, error) { return []string{"/dev/loop7", "/dev/loop8"}, nil }
				l.loops.show = func(device string) (loop.Shown, bool) { s, ok := shown[device]; return s, ok }
				held, err := l.take(t.Context(), other, c.second, "one")
				if !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
				_ = held.Close()
				shown["/dev/loop7"] = loop.Shown{Dev: id.dev, Ino: id.ino + 2} // it shows another file by now
				held, err = l.take(t.Context(), other, false, "one")
				if err != nil {
					t.Errorf("afterwards: %v", err)
				}
				_ = held.Close()
				if err := l.loops.attached(image, "/dev/loop9"); err != nil {
					t.Fatal(err)
				}
				shown["/dev/loop9"] = loop.Shown{Dev: id.dev, Ino: id.ino}
				if _, err := l.take(t.Context(), other, true, "two"); !errors.Is(err, errImageInUse) {
					t.Errorf("when this daemon has attached it: %v", err)
				}
			})
		})
	}
}
