package relabel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// apply gives open trees their labels, and writes what they had to a new journal.
func (r *Relabeler) apply(ctx context.Context, id string, roots []*root, progress func(Progress)) (Outcome, error) {
	if err := os.Remove(r.path(id)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return Outcome{}, err
	}
	j, err := createJournal(r.path(id))
	if err != nil {
		return Outcome{}, err
	}
	defer func() { _ = j.close() }()
	a := &application{Relabeler: r, journal: j, progress: progress}
	n := 0
	for _, one := range roots {
		keeps, err := r.keepsLabels(one)
		if err != nil {
			return a.out, err
		}
		if !keeps {
			a.out.Unlabelled = append(a.out.Unlabelled, one.Path)
			continue
		}
		if err := a.tree(ctx, n, one); err != nil {
			return a.out, err
		}
		n++
	}
	return a.out, nil
}

// keepsLabels reports whether the file system of a tree keeps labels: it gives the root the label that it has. libvirt
// goes on without a label where that cannot be, such as on NFS, and so do we: its policy says whether the container may
// use the files.
func (r *Relabeler) keepsLabels(t *root) (bool, error) {
	value := make([]byte, longest)
	n, err := r.access.Get(t.fd, r.attribute, value)
	if err == nil {
		err = r.access.Set(t.fd, r.attribute, value[:n])
	}
	switch {
	case err == nil, errors.Is(err, unix.ENODATA):
		return true, nil
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EROFS):
		return false, nil
	}
	return false, fmt.Errorf("%s: set its own label: %w", t.Path, err)
}

// application is one call of apply.
type application struct {
	*Relabeler
	journal  *journal
	progress func(Progress)
	mu       sync.Mutex
	out      Outcome
	linked   *linked
	proven   atomic.Bool       // the kernel keeps the label as it is written
	taken    map[identity]bool // files that may have got the label by mistake
}

// tree gives a tree its label.
func (a *application) tree(ctx context.Context, n int, t *root) error {
	a.journal.addTree(n, t)
	a.linked, a.taken = newLinked(), map[identity]bool{}
	a.proven.Store(false)
	w := &walk{access: a.access, attribute: a.attribute, root: t, stop: ctx}
	w.visitor = func(k *worker) visitor { return &labeller{application: a, worker: k, tree: n, label: t.Label} }
	return w.run(a.workers, "")
}

// mistake remembers a file that may have got the label in the place of another one, and so has none in the journal.
func (a *application) mistake(id identity) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.taken) < linkedMost {
		a.taken[id] = true
	}
}

// mistaken reports whether a file that has the label may have got that by mistake. The label is not its own then. A
// restore takes it for a new file.
func (a *application) mistaken(id identity) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.taken[id]
}

// count adds to the progress and tells of it.
func (a *application) count(files, changed uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.out.Files += files
	a.out.Changed += changed
	a.progress(a.out.Progress)
}

// labeller gives files the label of a container. It collects a batch, writes that to the journal, and only then changes
// the labels.
type labeller struct {
	*application
	worker *worker
	tree   int
	label  string
	batch  []saved
	files  []file // those that need the label
}

func (l *labeller) visit(f file, _ string) (string, error) {
	if f.links > 1 && !f.isDir() && l.linked.met(f.identity) {
		return "", nil
	}
	kept := bare(f.label) == l.label
	if kept && l.mistaken(f.identity) {
		return "", nil
	}
	l.batch = append(l.batch, saved{identity: f.identity, label: f.label, kept: kept})
	if !kept {
		l.files = append(l.files, f)
	}
	if len(l.batch) < l.Relabeler.batch {
		return "", nil
	}
	return "", l.flush()
}

func (l *labeller) flush() error {
	if len(l.batch) == 0 {
		return nil
	}
	if err := l.journal.addFiles(l.tree, l.batch); err != nil {
		return err
	}
	changed := uint64(0)
	for rest := l.files; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].in == rest[0].in {
			n++
		}
		done, err := l.directory(rest[:n])
		if err != nil {
			return err
		}
		changed += done
		rest = rest[n:]
	}
	l.count(uint64(len(l.batch)), changed)
	l.drop()
	return nil
}

// directory gives files of one directory the label, and counts them.
func (l *labeller) directory(files []file) (changed uint64, err error) {
	var dir *directory
	if in := files[0].in; in != nil {
		dir, err = in.reopen(l.worker.walk)
		if gone(err) {
			return 0, nil
		}
		if err != nil {
			return 0, fmt.Errorf("open %s in %s: %w", in.path(), l.worker.root.Path, err)
		}
		defer l.worker.leave(dir)
	}
	for i := range files {
		files[i].dir = dir
		switch err := l.change(files[i]); {
		case err == nil:
			changed++
		case gone(err):
		case !errors.Is(err, unix.EOPNOTSUPP): // a socket or the like, where only files and directories have labels
			return changed, fmt.Errorf("label %s: %w", files[i].path(l.worker.root), err)
		}
	}
	if dir != nil {
		l.compare(files)
	}
	return changed, nil
}

// change gives a file the label.
func (l *labeller) change(f file) error {
	if err := l.worker.set(f, l.label+"\x00"); err != nil || l.proven.Load() {
		return err
	}
	return l.prove(f)
}

// compare looks for files of a directory whose names other files have by now. Those may have the label, and the journal
// knows nothing of them.
func (l *labeller) compare(files []file) {
	in, dir := files[0].in, files[0].dir.fd
	if now, err := look(dir); err == nil && in.names != 0 && now.modified == in.names {
		return
	}
	for _, f := range files {
		if now, err := lookAt(dir, f.name); err == nil && now.identity != f.identity {
			l.mistake(now.identity)
		}
	}
}

// proofs is how often a label is written and read again: another file may have the name in between.
const proofs = 10

// prove reads the label of a first file again: where the kernel keeps another form of it, a restore would not know it.
func (l *labeller) prove(f file) error {
	own := f.label
	var got string
	var err error
	for range proofs {
		if got, err = l.worker.get(f); err != nil {
			break
		}
		if bare(got) == l.label {
			l.proven.Store(true)
			return nil
		}
		if err = l.worker.set(f, l.label+"\x00"); err != nil {
			break
		}
	}
	return errors.Join(fmt.Errorf("the kernel keeps %q for %q", bare(got), l.label), err, l.worker.set(f, own))
}

func (l *labeller) drop() { l.batch, l.files = l.batch[:0], l.files[:0] }

// bare is a label without the NUL that SELinux keeps at its end.
func bare(label string) string { return strings.TrimRight(label, "\x00") }
