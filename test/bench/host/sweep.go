package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// treePattern is the first part of the name of a nest's Tree, with the id of the benchmark's process.
const treePattern = "berth-bench-%d-"

// MakeTree makes a directory for a nest's Tree. The caller removes it. If the caller is killed, the next
// Sweep removes it.
func MakeTree() (string, error) {
	return os.MkdirTemp("", fmt.Sprintf(treePattern, os.Getpid()))
}

// Sweep removes the nests, trees and tracers of benchmarks that were killed.
func (r Rig) Sweep() error {
	return errors.Join(r.sweepNests(), sweepTrees(), sweepTracers())
}

func (r Rig) sweepNests() error {
	entries, err := os.ReadDir(r.State)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	for _, entry := range entries {
		if !abandoned(entry.Name(), namePattern) {
			continue
		}
		n, err := r.nest(entry.Name())
		if err == nil {
			n.v1, err = v1Of(n.name)
		}
		if err == nil {
			err = n.Down()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func sweepTrees() error {
	trees, err := filepath.Glob(filepath.Join(os.TempDir(), strings.ReplaceAll(treePattern, "%d", "*")+"*"))
	if err != nil {
		return err
	}
	var errs []error
	for _, tree := range trees {
		if abandoned(filepath.Base(tree), treePattern) {
			errs = append(errs, os.RemoveAll(tree))
		}
	}
	return errors.Join(errs...)
}

// abandoned reports whether a name matches the pattern and its process has ended.
func abandoned(name, pattern string) bool {
	var pid int
	if n, _ := fmt.Sscanf(name, pattern, &pid); n != 1 || pid < 1 {
		return false
	}
	return errors.Is(unix.Kill(pid, 0), unix.ESRCH)
}
