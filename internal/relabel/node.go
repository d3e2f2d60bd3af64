package relabel

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// file is one file that a walk has come to: a name in an open directory. Without a directory it is the root of the
// tree.
type file struct {
	looked
	in    *node
	dir   *directory // the same, open
	name  string
	label string // as the kernel keeps it; "" if the file has none
}

// path is the path of the file, for people.
func (f file) path(r *root) string {
	if f.dir == nil {
		return r.Path
	}
	dir, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(f.dir.fd))
	if err != nil {
		dir = r.Path + "/..."
	}
	return dir + "/" + f.name
}

// directory is an open directory, with those who use it.
type directory struct {
	fd    int
	users atomic.Int32
}

func (d *directory) hold() *directory {
	d.users.Add(1)
	return d
}

func (d *directory) release(w *walk) {
	if d != nil && d.users.Add(-1) == 0 {
		_ = unix.Close(d.fd)
		w.open.Add(-1)
	}
}

// node is a directory that waits for its turn.
type node struct {
	above *node
	name  string
	in    *directory // above, if that is held open
	names int64      // when they were changed last before they were read; 0 if that was just then
	label string     // what a new file in it gets
}

// release closes what a directory that is not read holds open.
func (n *node) release(w *walk) {
	if n != nil {
		n.in.release(w)
	}
}

// path is the path from the root of the tree; "." for that itself.
func (n *node) path() string {
	if n.above == nil {
		return "."
	}
	var names []string
	for ; n.above != nil; n = n.above {
		names = append(names, n.name)
	}
	slices.Reverse(names)
	return strings.Join(names, "/")
}

// reopen opens a directory once more.
func (n *node) reopen(w *walk) (*directory, error) {
	fd, err := along(w.root.fd, n.path(), unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	w.open.Add(1)
	return (&directory{fd: fd}).hold(), nil
}

// open opens a directory for reading.
func (n *node) open(w *walk) (*directory, error) {
	var fd int
	var err error
	switch {
	case n.above == nil:
		fd, err = inside(w.root.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY)
	case n.in == nil:
		fd, err = along(w.root.fd, n.path(), unix.O_RDONLY|unix.O_DIRECTORY)
	default:
		fd, err = inside(n.in.fd, n.name, unix.O_RDONLY|unix.O_DIRECTORY)
	}
	n.in.release(w)
	n.in = nil
	if err != nil {
		return nil, err
	}
	w.open.Add(1)
	return (&directory{fd: fd}).hold(), nil
}

// tick is longer than the kernel's clock for the times of files takes to go on.
const tick = 50 * time.Millisecond

// settled returns when a name of a directory was changed last. It returns 0 if that is so short ago that the next
// change might have the same time.
func settled(dir int) (int64, error) {
	now, err := look(dir)
	if err != nil || time.Since(time.Unix(0, now.modified)) < tick {
		return 0, err
	}
	return now.modified, nil
}

// entry takes the first entry off what getdents64(2) has read.
func entry(list []byte) (name string, rest []byte) {
	const header = 19 // d_ino, d_off, d_reclen, d_type
	size := int(list[16]) | int(list[17])<<8
	if size < header || size > len(list) { // the kernel does not do that
		return ".", nil
	}
	text := list[header:size]
	if end := slices.Index(text, 0); end >= 0 {
		text = text[:end]
	}
	return string(text), list[size:]
}

// gone reports whether an error says that a name is not there any more, that it is another kind of file by now, or that
// something was mounted there.
func gone(err error) bool {
	return slices.ContainsFunc([]error{unix.ENOENT, unix.ENOTDIR, unix.ELOOP, unix.ESTALE, unix.EXDEV}, func(e error) bool { return errors.Is(err, e) })
}
