//go:build nest

package nest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// hung mounts a file system of FUSE whose server never answers. over ends the connection: what waits for an answer gets
// an error.
func hung(t *testing.T, at string) (over func()) {
	t.Helper()
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	open := true
	over = func() {
		if open {
			open = false
			_ = unix.Close(fd)
		}
	}
	if err := unix.Mount("hung", at, "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd)); err != nil {
		over()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		over()
		if err := unix.Unmount(at, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return over
}

// openers are the threads of berthd that are in openat(2) or openat2(2).
func openers(t *testing.T) (count int) {
	t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", daemon(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, _ := os.ReadFile(file) // the thread may have ended
		number, _, _ := strings.Cut(string(text), " ")
		if number == strconv.Itoa(unix.SYS_OPENAT) || number == strconv.Itoa(unix.SYS_OPENAT2) {
			count++
		}
	}
	return count
}

// TestHungFileSystem: while a tree is taken back, starts of containers with a directory in a file system that does not
// answer hold four threads of berthd, however many they are, and so do unshifts there, of which no other start takes
// notice. What another container has there keeps an unshift waiting, and no start.
func TestHungFileSystem(t *testing.T) {
	clean(t)
	const starts = 8
	dir := t.TempDir()
	_, end := standing(t, busybox(t))
	user := sleeper(t, "user")
	user.Devs = fsXML("mount", "dir='"+filepath.Join(dir, "volume")+"'", "/mnt", "")
	if err := os.Mkdir(filepath.Join(dir, "volume"), 0o755); err != nil {
		t.Fatal(err)
	}
	user.start(t)
	for n := range starts {
		g := sleeper(t, fmt.Sprintf("hung%d", n))
		g.Root = filepath.Join(dir, g.Name)
		g.define(t)
	}
	over := hung(t, dir)
	ended := make(chan error, starts+2)
	begin := func(args ...string) {
		cmd := exec.Command("berthctl", args...)
		var said strings.Builder
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() {
			if cmd.Wait() == nil {
				ended <- fmt.Errorf("%v: %s", args, said.String())
				return
			}
			ended <- nil
		}()
	}
	for n := range starts {
		begin("start", fmt.Sprintf("hung%d", n))
	}
	begin("unshift", "--path", filepath.Join(dir, "tree"), "--from", "100000")
	begin("unshift", "--path", filepath.Join(dir, "tree"), "--from", "100000", "--dry-run")
	eventually(t, func() error {
		if list := run(t, "berthctl", "list", "--all"); strings.Count(list, "starting") != starts {
			return errors.New(list)
		}
		if n := openers(t); n != 4 {
			return fmt.Errorf("%d threads of berthd wait", n)
		}
		return nil
	})
	other := sleeper(t, "other")
	other.start(t)
	run(t, "berthctl", "destroy", "other")
	shiftBy(t, other.Root, 100000, 100000)
	third := exec.Command("berthctl", "unshift", "other", "--from", "100000")
	if err := third.Start(); err != nil {
		t.Fatal(err)
	}
	if n := openers(t); n != 4 {
		t.Errorf("%d threads of berthd wait", n)
	}
	over()
	for range starts + 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if err := third.Wait(); err != nil || shiftedFiles(t, other.Root) > 0 {
		t.Errorf("an unshift of another tree: %v", err)
	}
	eventually(t, func() error {
		if n := openers(t); n != 0 {
			return fmt.Errorf("%d threads of berthd wait", n)
		}
		return nil
	})
	end()
}
