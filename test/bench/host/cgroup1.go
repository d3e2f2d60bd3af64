package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// makeV1 makes a cgroup of this name in each cgroup v1 controller hierarchy of the machine. It makes
// none on a machine with cgroup v2 only. It returns the directories that it made.
func makeV1(name string) ([]string, error) {
	paths, err := v1Of(name)
	if err != nil {
		return nil, err
	}
	for made, path := range paths {
		if err := os.Mkdir(path, 0o755); err != nil {
			return paths[:made], err
		}
		// A new cpuset accepts no process before it has processors and memory nodes.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			if err := inherit(path, file); err != nil {
				return paths[:made+1], err
			}
		}
	}
	return paths, nil
}

// inherit copies the content of a cgroup file from the parent, if the hierarchy has that file.
func inherit(path, file string) error {
	value, err := os.ReadFile(filepath.Join(filepath.Dir(path), file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(path, file), value, 0o644)
}

// v1Of returns the path of the cgroup of this name in each v1 controller hierarchy. The cgroup need not
// exist.
func v1Of(name string) ([]string, error) {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, point := range v1Mounts(string(mounts)) {
		paths = append(paths, filepath.Join(point, name))
	}
	return paths, nil
}

// v1Mounts returns the mount points of the v1 hierarchies with a controller, in mountinfo's order. It
// returns only the first one of a hierarchy that is mounted twice.
func v1Mounts(mountinfo string) []string {
	var points, had []string
	for line := range strings.Lines(mountinfo) {
		before, after, ok := strings.Cut(strings.TrimSpace(line), " - ")
		fields, kind := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 5 || len(kind) < 3 || kind[0] != "cgroup" {
			continue
		}
		options := kind[2]
		if strings.Contains(options, "name=") || slices.Contains(had, options) {
			continue
		}
		had = append(had, options)
		points = append(points, fields[4])
	}
	return points
}

// removeV1 removes cgroups and all cgroups below them, children first.
func removeV1(paths []string) error {
	var errs []error
	for _, path := range paths {
		var dirs []string
		err := filepath.WalkDir(path, func(dir string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				dirs = append(dirs, dir)
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		for _, dir := range slices.Backward(dirs) {
			errs = append(errs, removeCgroup(dir))
		}
	}
	return errors.Join(errs...)
}

// removeCgroup removes one cgroup. It waits up to 5 s for the last process to end: the process that
// keeps a nest ends a moment after the nest.
func removeCgroup(dir string) error {
	deadline := time.After(5 * time.Second)
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		err := unix.Rmdir(dir)
		switch {
		case err == nil || errors.Is(err, fs.ErrNotExist):
			return nil
		case !errors.Is(err, unix.EBUSY):
			return fmt.Errorf("remove cgroup %s: %w", dir, err)
		}
		select {
		case <-again.C:
		case <-deadline:
			return fmt.Errorf("remove cgroup %s: %w", dir, err)
		}
	}
}
