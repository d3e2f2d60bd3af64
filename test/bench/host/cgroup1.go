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

// makeV1 makes a cgroup of this name in each v1 controller hierarchy of the machine, none on a
// machine that has only v2.
func makeV1(name string) ([]string, error) {
	paths, err := v1Of(name)
	if err != nil {
		return nil, err
	}
	for made, path := range paths {
		if err := os.Mkdir(path, 0o755); err != nil {
			return paths[:made], err
		}
		// A new cpuset takes no process before it has processors and memory nodes.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			if err := inherit(path, file); err != nil {
				return paths[:made+1], err
			}
		}
	}
	return paths, nil
}

// inherit copies a cgroup file from the parent, where the hierarchy has that file.
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

// v1Of gives the cgroup of this name in each v1 controller hierarchy, made or not.
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

// v1Mounts gives the mount points of the v1 hierarchies that have a controller, in mountinfo's
// order. One that is mounted twice counts once.
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

// removeV1 removes cgroups and all below them, children first.
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

// removeCgroup waits for the last process: the nest's keeper ends a moment after its nest.
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
