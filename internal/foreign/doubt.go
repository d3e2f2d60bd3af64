package foreign

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Doubt is a file or directory that somebody else than root and the caller can change, and so what is read there.
type Doubt struct {
	File string
	Who  string // can change it, such as "user 1000 owns it"
}

// doubts returns who else can change a file that is open: who can write it, or replace it or a directory or link that
// leads to it.
func (t *Tree) doubts(name string, f *os.File) ([]Doubt, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	w := &walk{tree: t}
	w.add(name, info)
	end, err := w.to(name)
	if err != nil {
		return nil, err
	}
	if at, err := t.placeOf(f); err != nil {
		return nil, err
	} else if at != end {
		return nil, fmt.Errorf("%s leads to %s, and led to %s before", name, end, at)
	}
	return w.doubts, nil
}

// Replaceable returns who else can put something in the place of what a path leads to, or would lead to: who can change
// a directory or link on the way. Who owns what is there now does not matter.
func (t *Tree) Replaceable(name string) ([]Doubt, error) {
	w := &walk{tree: t}
	_, err := w.to(name)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return w.doubts, err
}

// walk goes a way through a tree, and collects who else can change it.
type walk struct {
	tree   *Tree
	doubts []Doubt
}

func (w *walk) add(at string, info fs.FileInfo) {
	if d := (Doubt{at, writer(info)}); d.Who != "" && !slices.Contains(w.doubts, d) {
		w.doubts = append(w.doubts, d)
	}
}

// maxLinks is the most links that are followed, as by the kernel (path_resolution(7)).
const maxLinks = 40

// to goes to where a path leads, link by link as the kernel does, and returns that. It looks at each directory and each
// link on the way: the owner of a link says where it leads.
func (w *walk) to(name string) (end string, err error) {
	before := len(w.doubts)
	defer func() { slices.Reverse(w.doubts[before:]) }() // what is nearest comes first
	at, left, links := "/", strings.Split(name, "/"), 0
	for len(left) > 0 {
		part := left[0]
		left = left[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			at = path.Dir(at)
			continue
		}
		if err := w.dir(at); err != nil {
			return "", err
		}
		next := path.Join(at, part)
		target, err := w.link(next)
		switch {
		case err != nil:
			return "", err
		case target == "":
			at = next
			continue
		}
		if links++; links > maxLinks {
			return "", &fs.PathError{Op: "read", Path: name, Err: unix.ELOOP}
		}
		if strings.HasPrefix(target, "/") {
			at = "/"
		}
		left = append(strings.Split(target, "/"), left...)
	}
	return at, nil
}

// dir adds who else can change a directory whose path has no links.
func (w *walk) dir(at string) error {
	f, err := w.tree.open(at, unix.O_PATH|unix.O_NOFOLLOW|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err == nil {
		w.add(at, info)
	}
	return err
}

// link adds who else can change a link, and returns what it has in it, "" if there is something else.
func (w *walk) link(at string) (string, error) {
	f, err := w.tree.open(at, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return "", err
	}
	w.add(at, info)
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(int(f.Fd()), "", target)
	if err != nil {
		return "", &fs.PathError{Op: "read", Path: at, Err: err}
	}
	return string(target[:n]), nil
}

// placeOf returns where in the tree an open file is.
func (t *Tree) placeOf(f *os.File) (string, error) {
	root, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", t.dir.Fd()))
	if err != nil {
		return "", err
	}
	at, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil {
		return "", err
	}
	at, below := strings.CutPrefix(at, strings.TrimSuffix(root, "/")+"/")
	if !below {
		return "", fmt.Errorf("%s is not below %s any more", f.Name(), root)
	}
	return "/" + at, nil
}

// writer says who else than root and the caller can write a file, "" if nobody. In a sticky directory nobody else can
// replace what there is.
func writer(info fs.FileInfo) string {
	s, ok := info.Sys().(*syscall.Stat_t)
	mode := info.Mode()
	switch {
	case !ok:
		return "its owner is not known"
	case s.Uid != 0 && int(s.Uid) != os.Geteuid():
		return fmt.Sprintf("user %d owns it", s.Uid)
	case mode&fs.ModeSymlink != 0 || info.IsDir() && mode&fs.ModeSticky != 0:
		return ""
	case mode.Perm()&0o002 != 0:
		return "everybody can write it"
	case mode.Perm()&0o020 != 0 && s.Gid != 0:
		return fmt.Sprintf("group %d can write it", s.Gid)
	}
	return ""
}

// Leads returns where in the tree a path leads.
func (t *Tree) Leads(name string) (string, error) {
	f, err := t.open(name, unix.O_PATH)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	return t.placeOf(f)
}
