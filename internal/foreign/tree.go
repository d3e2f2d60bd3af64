package foreign

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inroot"
)

// MaxFile is the largest file that is read, in bytes.
const MaxFile = 1 << 20

// Tree is the file system of a host.
type Tree struct {
	dir  *os.File
	root inroot.Root
	own  bool // it is this host's
}

// Open opens the file system of the host whose root directory is at a path.
func Open(root string) (*Tree, error) {
	dir, err := os.OpenFile(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return &Tree{dir, inroot.New(dir), path.Clean(root) == "/"}, nil
}

// Close closes the tree.
func (t *Tree) Close() error { return t.dir.Close() }

// Own reports whether the tree is this host's, so that what runs can be told.
func (t *Tree) Own() bool { return t.own }

// open opens a path of the tree, to read it. Its error names the path.
func (t *Tree) open(name string, flags int) (*os.File, error) {
	if flags&unix.O_PATH == 0 {
		flags |= unix.O_NONBLOCK // a FIFO must not hold it up; openat2(2) refuses it with O_PATH
	}
	f, err := t.root.Open(name, flags)
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, &fs.PathError{Op: "read", Path: name, Err: of.Err}
	}
	return f, err
}

// Read reads a regular file of UTF-8 text.
func (t *Tree) Read(name string) (string, error) {
	f, err := t.open(name, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	return readText(name, f)
}

// readDoubted reads a file as Read does, and returns who else can change it.
func (t *Tree) readDoubted(name string) (string, []Doubt, error) {
	f, err := t.open(name, 0)
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := readText(name, f)
	if err != nil {
		return "", nil, err
	}
	list, err := t.doubts(name, f)
	return text, list, err
}

func readText(name string, f *os.File) (string, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", &fs.PathError{Op: "read", Path: name, Err: errors.New("it is no regular file")}
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > MaxFile:
		return "", &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("it is larger than %d MiB", MaxFile>>20)}
	case !utf8.Valid(text):
		return "", &fs.PathError{Op: "read", Path: name, Err: errors.New("it is not UTF-8")}
	}
	return string(text), nil
}

// List returns the names in a directory, in order. One that is missing has none.
func (t *Tree) List(name string) ([]string, error) {
	f, err := t.open(name, unix.O_DIRECTORY)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

// with returns those of the names in a directory that end in a suffix, without it. Hidden files are left out.
func (t *Tree) with(dir, suffix string) (list []string, err error) {
	names, err := t.List(dir)
	for _, name := range names {
		if stem, ok := strings.CutSuffix(name, suffix); ok && stem != "" && !strings.HasPrefix(name, ".") {
			list = append(list, stem)
		}
	}
	return list, err
}

// Kind is what a path of the tree is.
type Kind struct {
	Dir, Regular, Block bool
	UID, GID            uint32
}

// KindBelow looks at a name below a root directory of a container. It follows no link out of that.
func (t *Tree) KindBelow(root, name string) (Kind, error) {
	dir, err := t.open(root, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return Kind{}, err
	}
	inside := &Tree{dir: dir, root: inroot.New(dir)}
	defer func() { _ = inside.Close() }()
	if name == "" {
		name = "."
	}
	f, err := inside.root.Open(name, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return Kind{}, err
	}
	defer func() { _ = f.Close() }()
	return kindOf(f)
}

// Kind looks at what a path leads to. It returns an fs.ErrNotExist if there is nothing.
func (t *Tree) Kind(name string) (Kind, error) {
	f, err := t.open(name, unix.O_PATH)
	if err != nil {
		return Kind{}, err
	}
	defer func() { _ = f.Close() }()
	return kindOf(f)
}

func kindOf(f *os.File) (Kind, error) {
	info, err := f.Stat()
	if err != nil {
		return Kind{}, err
	}
	k := Kind{Dir: info.IsDir(), Regular: info.Mode().IsRegular(), Block: info.Mode()&fs.ModeDevice != 0 && info.Mode()&fs.ModeCharDevice == 0}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		k.UID, k.GID = s.Uid, s.Gid
	}
	return k, nil
}

// there reports whether something has a name, also a link that leads nowhere.
func (t *Tree) there(name string) bool {
	f, err := t.root.Open(name, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return false
	}
	_ = f.Close()
	return true
}

// head reads the first bytes of a file.
func (t *Tree) head(name string, n int) []byte {
	f, err := t.open(name, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	text := make([]byte, n)
	n, _ = io.ReadFull(f, text)
	return text[:n]
}
