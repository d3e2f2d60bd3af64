//go:build nest

package launch_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/internal/launch"
)

// TestCgroupOf: a supervisor's scope, and that of a process of its container, is found by the process, however deep
// the container has divided its own part.
func TestCgroupOf(t *testing.T) {
	b := newBox(t, "exec sleep 1000")
	s := b.run(t)
	cgroups, err := launch.NewCgroups()
	if err != nil {
		t.Fatal(err)
	}
	id, err := cgroups.ID("/" + b.group)
	if err != nil || id != inode(t, b.group) {
		t.Errorf("its id is %d, %v, not the inode %d", id, err, inode(t, b.group))
	}
	is := func(who string, pid uint32, want string, wantID uint64) {
		t.Helper()
		if path, id, err := cgroups.Of(pid); path != want || id != wantID || err != nil {
			t.Errorf("%s: %s, %d, %v; want %s, %d", who, path, id, err, want, wantID)
		}
	}
	is("supervisor", s.PID(), "/"+b.group, id)
	is("init", s.Leader(), "/"+b.group, id)

	deep := makeCgroup(t, filepath.Join(b.group, "payload/user.slice/session-1.scope/x"))
	plain := makeCgroup(t, "berth-launch.service")
	sleep := exec.Command("sleep", "1000")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	pid := uint32(sleep.Process.Pid)
	t.Cleanup(func() {
		_ = sleep.Process.Kill()
		_ = sleep.Wait()
		if _, _, err := cgroups.Of(pid); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a process that is gone: %v", err)
		}
	})
	enter(t, deep, pid)
	is("deep in the container", pid, "/"+b.group, id)
	enter(t, plain, pid)
	is("in no scope", pid, "/"+plain, inode(t, plain))
}

// TestCgroupID: a group is opened with its own id only: one that was removed and made again under its path is another.
func TestCgroupID(t *testing.T) {
	cgroups, err := launch.NewCgroups()
	if err != nil {
		t.Fatal(err)
	}
	const path = "berth-launch-again.scope"
	var ids []uint64
	for range 5 {
		group := makeCgroup(t, path)
		id, err := cgroups.ID("/" + path)
		if err != nil {
			t.Fatal(err)
		}
		for _, before := range append(ids, 0, id+1) {
			if g, err := cgroups.Open("/"+path, before); g != nil || !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("opened %d as %d: %v, %v", id, before, g, err)
			}
		}
		ids = append(ids, id)
		g, err := cgroups.Open("/"+path, id)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(mountPoint(t), group)); err != nil {
			t.Fatal(err)
		}
		// What was opened is the old one still.
		if err := g.AwaitEnd(limited(t)); err != nil {
			t.Logf("of a removed group: %v", err)
		}
		_ = g.Close()
	}
	if id, err := cgroups.ID("/" + path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the id of none is %d, %v", id, err)
	}
	if g, err := cgroups.Open("/"+path, ids[0]); g != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opened none: %v, %v", g, err)
	}
}

// TestCgroupEnd: a scope has ended when none of its processes is left, its supervisor included.
func TestCgroupEnd(t *testing.T) {
	b := newBox(t, "exec sleep 1000")
	s := b.run(t)
	ended := make(chan error, 1)
	ctx := limited(t)
	go func() { ended <- b.scope.AwaitEnd(ctx) }()
	select {
	case err := <-ended:
		t.Fatalf("it ended, %v, with both alive", err)
	case <-time.After(50 * time.Millisecond):
	}
	if err := b.scope.End(limited(t)); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if end := over(t, s); end.Known {
		t.Errorf("it said %+v", end)
	}
	gone(t, s.Leader())
}

func mountPoint(t *testing.T) string {
	t.Helper()
	at, err := cgroup.MountPoint()
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// makeCgroup makes a group, and those above it, and removes with the test what it made.
func makeCgroup(t *testing.T, path string) string {
	t.Helper()
	var made []string
	for dir := filepath.Join(mountPoint(t), path); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		made = append(made, dir)
	}
	if err := os.MkdirAll(made[0], 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		settled(t, func() error {
			for _, dir := range made {
				if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
			}
			return nil
		})
	})
	return path
}

func enter(t *testing.T, path string, pid uint32) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(mountPoint(t), path, "cgroup.procs"), []byte(number(pid)), 0); err != nil {
		t.Fatal(err)
	}
}

func inode(t *testing.T, path string) uint64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(mountPoint(t), path))
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Ino
}
