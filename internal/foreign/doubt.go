package foreign

import (
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

// doubts returns who else can change a file that is open: who can write it, or replace it or a directory that leads to it.
// Links are followed as the kernel did.
func (t *Tree) doubts(name string, f *os.File) (list []Doubt, err error) {
	add := func(at string, f *os.File, onlyLink bool) error {
		info, err := f.Stat()
		if err != nil || onlyLink && info.Mode()&fs.ModeSymlink == 0 {
			return err
		}
		if who := writer(info); who != "" && !slices.Contains(list, Doubt{at, who}) {
			list = append(list, Doubt{at, who})
		}
		return nil
	}
	if err := add(name, f, false); err != nil {
		return nil, err
	}
	ways := []string{path.Clean("/" + name)}
	if at, err := t.placeOf(f); err != nil {
		return nil, err
	} else if at != ways[0] {
		ways = append(ways, at)
	}
	for _, way := range ways {
		for at := way; at != "/"; {
			if link, err := t.root.Open(at, unix.O_PATH|unix.O_NOFOLLOW); err == nil { // the owner of a link says where it leads
				err = add(at, link, true)
				_ = link.Close()
				if err != nil {
					return nil, err
				}
			}
			at = path.Dir(at)
			dir, err := t.open(at, unix.O_PATH|unix.O_DIRECTORY)
			if err != nil {
				return nil, err
			}
			err = add(at, dir, false)
			_ = dir.Close()
			if err != nil {
				return nil, err
			}
		}
	}
	return list, nil
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

// writer says who else than root and the caller can write a file, "" if nobody. In a sticky directory nobody else can replace
// what there is.
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
