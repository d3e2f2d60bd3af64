package relabel

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// restore gives files their own labels back, and removes the journal if that is done.
func (r *Relabeler) restore(ctx context.Context, id string, progress func(Progress)) (Outcome, error) {
	path := r.path(id)
	s, err := openJournal(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Outcome{}, nil
	}
	if err != nil {
		return Outcome{}, err
	}
	defer func() { _ = s.file.Close() }()
	one := &restoration{Relabeler: r, progress: progress}
	var errs []error
	for n := range slices.Backward(s.trees) { // a file of two trees had the first one's label before it got the second one's
		errs = append(errs, one.tree(ctx, s, n))
	}
	out := Outcome{Progress: one.done(), Refused: one.refused.Load(), Damaged: s.damaged}
	if err := errors.Join(append(errs, one.err)...); err != nil {
		return out, err
	}
	if err := os.Remove(path); err != nil {
		return out, err
	}
	return out, syncDir(r.dir)
}

// restoration is one call of restore.
type restoration struct {
	*Relabeler
	progress                func(Progress)
	files, changed, refused atomic.Uint64
	mu                      sync.Mutex
	err                     error // the first one about a single file; the others are restored all the same
}

func (n *restoration) done() Progress {
	return Progress{Files: n.files.Load(), Changed: n.changed.Load()}
}

func (n *restoration) fail(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err == nil {
		n.err = err
	}
}

// tree restores one tree of a journal.
func (n *restoration) tree(ctx context.Context, s *saves, number int) error {
	t := s.trees[number]
	at, err := openRoot(t.Tree)
	if gone(err) || errors.Is(err, errKind) {
		return fmt.Errorf("%s: %w", t.Path, ErrElsewhere)
	}
	if err != nil {
		return err
	}
	defer closeAll([]*root{at})
	if at.ino != t.file.ino || at.born != t.file.born {
		return fmt.Errorf("%s: %w", t.Path, ErrElsewhere)
	}
	x, err := s.index(number)
	if err != nil {
		return err
	}
	above, err := n.above(at)
	if err != nil {
		return err
	}
	w := &walk{access: n.access, attribute: n.attribute, root: at, stop: ctx}
	met := newLinked()
	w.visitor = func(k *worker) visitor { return &restorer{restoration: n, worker: k, index: x, linked: met} }
	if err := w.run(n.workers, above); err != nil {
		return err
	}
	return n.settle(s, at)
}

// settle has the labels of a tree survive a power loss: the journal is removed next. A file system keeps the order of
// such changes, so there is nothing to do if the journal is in the same one.
func (n *restoration) settle(s *saves, t *root) error {
	journal, err := look(int(s.file.Fd()))
	if err != nil || journal.dev == t.dev {
		return err
	}
	dir := t.Path
	if !t.isDir() {
		dir = filepath.Dir(dir)
	}
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	if err := again(func() error { return unix.Syncfs(fd) }); err != nil {
		return fmt.Errorf("sync the file system of %s: %w", t.Path, err)
	}
	return nil
}

// above returns the label of the directory that the root of a tree is in.
func (n *restoration) above(t *root) (string, error) {
	if !t.isDir() {
		return "", nil // it is in the journal, or it was not changed
	}
	fd, err := unix.Openat(t.fd, "..", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = unix.Close(fd) }()
	value := make([]byte, longest)
	size, err := n.access.Get(fd, n.attribute, value)
	if errors.Is(err, unix.ENODATA) || errors.Is(err, unix.EOPNOTSUPP) {
		return "", nil
	}
	return string(value[:max(size, 0)]), err
}

// restorer gives files that have the label of a container another one.
type restorer struct {
	*restoration
	worker *worker
	index  *index
	linked *linked
	since  uint64 // files since the last word of progress
}

func (e *restorer) visit(f file, inherited string) (string, error) {
	if f.links > 1 && !f.isDir() && e.linked.met(f.identity) {
		return "", nil
	}
	e.files.Add(1)
	if e.since++; e.since == 1024 {
		_ = e.flush()
	}
	if bare(f.label) != e.index.label {
		return f.label, nil
	}
	label, found := e.index.find(f.identity)
	if !found {
		label = inherited
	}
	if bare(label) == e.index.label {
		return f.label, nil
	}
	err := e.worker.set(f, label)
	if refused(err) && found { // the policy has changed
		e.refused.Add(1)
		label = inherited
		err = e.worker.set(f, label)
	}
	switch {
	case err == nil:
		e.changed.Add(1)
		return label, nil
	case gone(err), errors.Is(err, unix.EOPNOTSUPP):
		return f.label, nil
	}
	e.fail(fmt.Errorf("restore the label of %s: %w", f.path(e.worker.root), err))
	return f.label, nil
}

// refused reports whether an error is about the label itself, and so comes each time.
func refused(err error) bool {
	return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)
}

func (e *restorer) flush() error {
	if e.since > 0 {
		e.since = 0
		e.mu.Lock()
		defer e.mu.Unlock()
		e.progress(e.done())
	}
	return nil
}

func (e *restorer) drop() {}
