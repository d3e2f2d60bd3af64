// Package ondisk reads of a tree what package shift judges: a few owners, and the mark of an unshift. It changes
// nothing.
package ondisk

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/owners"
	"github.com/berthd/berth/internal/shift"
)

// Marked tells whether an open directory has the mark of an unshift, and what that says. A file has none: its attribute
// of this name says nothing of a tree.
func Marked(top *os.File) (shift.Verdict, bool, error) {
	value, found, err := owners.Attribute(top, shift.MarkName, make([]byte, 512))
	if err != nil || !found {
		return shift.Verdict{}, false, err
	}
	at, err := owners.Top(top)
	if err != nil || !at.Dir {
		return shift.Verdict{}, false, err
	}
	return shift.JudgeMark(value), true, nil
}

// MarkedAbove is Marked for the directories above an open file or directory, which an unshift of one of them comes
// through: those of the same mount.
func MarkedAbove(at *os.File) (v shift.Verdict, marked bool, err error) {
	err = owners.Above(at, func(dir *os.File) (bool, error) {
		if v, marked, err = Marked(dir); marked {
			v.Above = owners.PathOf(dir)
		}
		return !marked, err
	})
	return v, marked, err
}

// At judges the root at a path of the host, whose symbolic links are followed.
func At(path string, m shift.Map) (shift.Verdict, error) {
	top, err := os.OpenFile(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return shift.Verdict{}, err
	}
	defer func() { _ = top.Close() }()
	for _, look := range []func(*os.File) (shift.Verdict, bool, error){Marked, MarkedAbove} {
		if v, marked, err := look(top); err != nil || marked {
			return v, err
		}
	}
	return Owners(top, m)
}

// Owners judges an open root by its owners alone. These must be those on disk: a mount that maps them shows others.
func Owners(top *os.File, m shift.Map) (shift.Verdict, error) {
	files, err := owners.Directories(top, shift.Places())
	if err != nil {
		return shift.Verdict{}, err
	}
	seen := make([]shift.Owner, len(files))
	for i, f := range files {
		seen[i] = shift.Owner{Path: "/" + f.Name, UID: f.UID, GID: f.GID}
	}
	return shift.Judge(m, seen), nil
}
