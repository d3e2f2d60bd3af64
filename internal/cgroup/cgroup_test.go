package cgroup

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMountPoint: cgroup2 is found wherever it is mounted, and a host without it is ErrNoHierarchy.
func TestMountPoint(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		mountinfo, want string
		err             error
	}{
		"pure v2": {
			"22 1 0:20 / / rw - ext4 /dev/vda rw\n30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
			"/sys/fs/cgroup", nil,
		},
		"hybrid": {
			"31 22 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n32 22 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
			"/sys/fs/cgroup/unified", nil,
		},
		"v1 only": {"31 22 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", "", ErrNoHierarchy},
		"empty":   {"", "", ErrNoHierarchy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := mountOf(tc.mountinfo)
			if got != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// TestMake: a group that is left over is replaced by a new one, and refused if something is in it.
func TestMake(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d, err := At(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	for name, left := range map[string]string{"new": "", "empty": "empty", "full": "full/below"} {
		if err := os.MkdirAll(filepath.Join(dir, left), 0o700); err != nil {
			t.Fatal(err)
		}
		before, _ := os.Stat(filepath.Join(dir, name))
		made, err := d.Make(name)
		if name == "full" {
			if !errors.Is(err, unix.ENOTEMPTY) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		after, err := made.File().Stat()
		if err != nil || before != nil && after.Mode() == before.Mode() {
			t.Errorf("%s: it is the one that was left; %v", name, err)
		}
		_ = made.Close()
	}
}
