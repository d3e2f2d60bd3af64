package relabel

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/berthd/berth/internal/linux/xattr"
	"github.com/berthd/berth/internal/looks"
)

// SELinux is the name of the attribute with the label of a file.
const SELinux = "security.selinux"

// Tree is a file of the host, or a directory with all below it, that gets a label.
type Tree struct {
	Path   string // symbolic links in it are followed
	Label  string // in the form in which the kernel gives it back, without a NUL
	Single bool   // it is an image: a file or a block device
}

// Progress is how far a walk has come.
type Progress struct {
	Files   uint64 // that were looked at
	Changed uint64 // that got a label
}

// Outcome is what a walk came upon that is no error.
type Outcome struct {
	Progress
	Unlabelled []string // trees in file systems that keep no labels, or that are read-only: nothing of them was changed
	Refused    uint64   // files whose own label the kernel does not take back; they got that of their directory
	Damaged    uint64   // parts of the journal that could not be read
}

// ErrElsewhere says that the path of a tree leads to another directory by now, or to none.
var ErrElsewhere = errors.New("the tree is not at its path any more")

// Relabeler relabels trees and restores them.
type Relabeler struct {
	dir       string
	attribute string
	access    *xattr.Access
	workers   int
	batch     int // files that a worker collects before it writes them to the journal
	looks     *looks.Looks
	answer    time.Duration // how long a call waits for file systems before it changes anything
	mu        sync.Mutex
	busy      map[string]*sync.Mutex // by id
}

// New returns a Relabeler that keeps its journals in a directory, which the first journal makes. attribute is SELinux,
// but in tests. Trees and their neighbours are looked at by way of at, before anything is changed.
func New(dir, attribute string, at *looks.Looks) (*Relabeler, error) {
	access, err := xattr.New()
	if err != nil {
		return nil, err
	}
	return &Relabeler{
		dir: dir, attribute: attribute, access: access,
		workers: 4, batch: 1024, busy: map[string]*sync.Mutex{},
		looks: at, answer: 30 * time.Second,
	}, nil
}

// Close closes the Relabeler.
func (r *Relabeler) Close() error { return r.access.Close() }

// Relabel gives trees their labels. id names the journal. others are trees that nobody may relabel now, because other
// containers use them. It first restores what an earlier run of this id has left behind. If it fails, also because ctx
// ends, it restores the trees. It returns a *RefusedError, and has done nothing, if a tree may not be relabelled.
// progress, which may be nil, is called now and then, and must not block.
func (r *Relabeler) Relabel(ctx context.Context, id string, trees []Tree, others []string, progress func(Progress)) (Outcome, error) {
	defer r.lock(id)()
	if progress == nil {
		progress = func(Progress) {}
	}
	roots, err := r.openAll(ctx, trees, others)
	if err != nil {
		return Outcome{}, err
	}
	defer closeAll(roots)
	if _, err := r.restore(ctx, id, func(Progress) {}); err != nil && !errors.Is(err, ErrElsewhere) {
		return Outcome{}, fmt.Errorf("restore the labels before the last run: %w", err)
	}
	out, err := r.apply(ctx, id, roots, progress)
	if err == nil {
		return out, nil
	}
	if _, rerr := r.restore(context.WithoutCancel(ctx), id, func(Progress) {}); rerr != nil {
		err = errors.Join(err, fmt.Errorf("restore: %w", rerr))
	}
	return out, err
}

// Restore gives the files of a journal their own labels back, and removes the journal. It returns nil if there is no
// journal of this id, and ErrElsewhere if a tree is not at its path: the journal stays then, as after any failure.
func (r *Relabeler) Restore(ctx context.Context, id string, progress func(Progress)) (Outcome, error) {
	defer r.lock(id)()
	if progress == nil {
		progress = func(Progress) {}
	}
	return r.restore(ctx, id, progress)
}

// Pending returns the ids that have a journal.
func (r *Relabeler) Pending() ([]string, error) {
	entries, err := os.ReadDir(r.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(entries))
	for _, e := range entries {
		ids = append(ids, e.Name())
	}
	return ids, nil
}

// Forget removes the journal of an id: nobody wants its labels back.
func (r *Relabeler) Forget(id string) error {
	defer r.lock(id)()
	err := os.Remove(r.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (r *Relabeler) path(id string) string { return filepath.Join(r.dir, filepath.Base(id)) }

// lock has the calls for one id wait for each other.
func (r *Relabeler) lock(id string) (unlock func()) {
	r.mu.Lock()
	one := r.busy[id]
	if one == nil {
		one = new(sync.Mutex)
		r.busy[id] = one
	}
	r.mu.Unlock()
	one.Lock()
	return one.Unlock
}
