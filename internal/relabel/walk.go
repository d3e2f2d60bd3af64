package relabel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/xattr"
)

const (
	// openMost is how many directories are held open for those below them that wait for their turn. The others are opened
	// by their paths. It is so few because the kernel makes a table of more than 64 descriptors wait for RCU.
	openMost = 24
	// waiting is how many directories wait for one worker. With more, it reads a new one at once.
	waiting = 1 << 14
)

// visitor is what a walk does with the files. Each worker has its own.
type visitor interface {
	// visit looks at a file, whose directory gives new files a label. It returns what new files in it get, if it is a
	// directory.
	visit(f file, inherited string) (label string, err error)
	// flush does what visit has put off. A worker calls it at its end.
	flush() error
	// drop gives up what visit has put off.
	drop()
}

// walk is one walk through a tree.
type walk struct {
	access    *xattr.Access
	attribute string // "" if the visitor wants no labels
	root      *root
	visitor   func(*worker) visitor
	stop      context.Context //nolint:containedctx // a walk is one call
	cancel    context.CancelCauseFunc

	mu      sync.Mutex
	change  sync.Cond
	stack   []*node // for those who have nothing to do
	err     error
	workers int
	idle    atomic.Int64 // workers
	open    atomic.Int64 // directories
}

// run walks the tree, and returns the first error. It is called once.
func (w *walk) run(workers int, inherited string) error {
	w.change.L = &w.mu
	w.stop, w.cancel = context.WithCancelCause(w.stop)
	defer w.cancel(nil)
	if !w.root.isDir() {
		workers = 1
	}
	w.workers = workers
	var all sync.WaitGroup
	all.Go(func() { w.end(w.apart(func(k *worker) error { return k.begin(inherited) })) })
	for range workers - 1 {
		all.Go(func() { w.end(w.apart((*worker).work)) })
	}
	all.Wait()
	for _, n := range w.stack {
		n.release(w)
	}
	return w.err
}

// apart runs a worker on a thread of its own.
func (w *walk) apart(work func(*worker) error) error {
	return xattr.Apart(func(t *xattr.Thread) error {
		k := &worker{walk: w, thread: t, buffer: make([]byte, 32<<10), value: make([]byte, longest)}
		k.visitor = w.visitor(k)
		defer k.visitor.drop()
		return work(k)
	})
}

// push has a directory wait for its turn. It returns false if too many wait.
func (k *worker) push(n *node) bool {
	if len(k.own) >= waiting {
		return false
	}
	k.own = append(k.own, n)
	k.share()
	return true
}

// share hands half of the directories that wait for this worker over to one that has nothing to do: the older half,
// since more is below those.
func (k *worker) share() {
	if k.idle.Load() == 0 || len(k.own) < 2 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.stack) > 0 { // somebody was woken for these
		return
	}
	half := len(k.own) / 2
	k.stack = append(k.stack, k.own[:half]...)
	k.own = slices.Delete(k.own, 0, half)
	k.change.Signal()
}

// end notes an error, and wakes those who wait: no more directories come from this worker.
func (w *walk) end(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil && err != nil {
		w.err = err
		w.cancel(err)
	}
	w.change.Broadcast()
}

// worker is one goroutine of a walk, on a thread of its own.
type worker struct {
	*walk
	thread  *xattr.Thread
	visitor visitor
	own     []*node // that wait for this worker; the last one goes first, so that few wait
	buffer  []byte  // for the names of a directory
	value   []byte  // for a label
	last    string  // the label of the file before
}

// begin visits the root of the tree, and goes on as the other workers do. They wait until then.
func (k *worker) begin(inherited string) error {
	f := file{looked: k.root.looked}
	var err error
	if k.attribute != "" {
		if f.label, err = k.get(f); err != nil {
			return err
		}
	}
	label, err := k.visitor.visit(f, inherited)
	if err != nil {
		return err
	}
	if k.root.isDir() {
		k.own = append(k.own, &node{label: label})
	}
	return k.work()
}

// work reads directories until none waits and nobody reads one.
func (k *worker) work() error {
	defer k.giveUp()
	for {
		n := k.next()
		if k.stop.Err() != nil {
			n.release(k.walk)
			return context.Cause(k.stop)
		}
		if n == nil {
			return k.visitor.flush()
		}
		if err := k.read(n, k.buffer); err != nil {
			return err
		}
	}
}

// next takes a directory that waits. It waits for one as long as others may still hand one over, and returns nil if
// there is none.
func (k *worker) next() *node {
	k.share()
	if last := len(k.own) - 1; last >= 0 {
		n := k.own[last]
		k.own = k.own[:last]
		return n
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.idle.Add(1); ; k.change.Wait() {
		last := len(k.stack) - 1
		if last >= 0 && k.stop.Err() == nil {
			n := k.stack[last]
			k.own = append(k.own, k.stack[:last]...)
			k.stack = k.stack[:0]
			k.idle.Add(-1)
			return n
		}
		if last < 0 && int(k.idle.Load()) == k.workers || k.stop.Err() != nil {
			k.change.Broadcast() // the others have nothing to wait for either: this one stays idle
			return nil
		}
	}
}

// giveUp closes what the directories that nobody reads hold open.
func (k *worker) giveUp() {
	for _, n := range k.own {
		n.release(k.walk)
	}
}

// read visits what is in a directory.
func (k *worker) read(n *node, buffer []byte) error {
	dir, err := n.open(k.walk)
	if gone(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open %s in %s: %w", n.path(), k.root.Path, err)
	}
	defer func() { k.leave(dir) }()
	if n.names, err = settled(dir.fd); err != nil {
		return fmt.Errorf("%s in %s: %w", n.path(), k.root.Path, err)
	}
	for {
		if k.stop.Err() != nil {
			return context.Cause(k.stop)
		}
		var size int
		err := again(func() (err error) {
			size, err = unix.Getdents(dir.fd, buffer)
			return err
		})
		if gone(err) || err == nil && size <= 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s in %s: %w", n.path(), k.root.Path, err)
		}
		for rest := buffer[:size]; len(rest) > 0; {
			var name string
			name, rest = entry(rest)
			if name == "." || name == ".." {
				continue
			}
			if err := k.name(dir, n, name); err != nil {
				return err
			}
		}
	}
}

// name visits one name of a directory.
func (k *worker) name(dir *directory, in *node, name string) error {
	f := file{in: in, dir: dir, name: name}
	var err error
	if f.looked, err = lookAt(dir.fd, name); err == nil {
		if f.mnt != k.root.mnt {
			return nil // a mount point is not of this tree
		}
		if k.attribute != "" {
			f.label, err = k.get(f)
		}
	}
	if err != nil {
		if gone(err) {
			return nil
		}
		return fmt.Errorf("%s in %s in %s: %w", name, in.path(), k.root.Path, err)
	}
	label, err := k.visitor.visit(f, in.label)
	if err != nil || !f.isDir() {
		return err
	}
	below := &node{above: in, name: name, label: label}
	if k.open.Load() <= openMost {
		below.in = dir.hold()
	}
	if !k.push(below) {
		return k.read(below, make([]byte, 4<<10))
	}
	return nil
}

// leave gives up a directory.
func (k *worker) leave(dir *directory) {
	k.thread.Leave(dir.fd)
	dir.release(k.walk)
}

// get reads the label of a file. Most files have that of the one before, which needs no memory.
func (k *worker) get(f file) (string, error) {
	n, err := 0, error(nil)
	if f.dir == nil {
		n, err = k.access.Get(k.root.fd, k.attribute, k.value)
	} else if err = k.thread.Enter(f.dir.fd); err == nil {
		n, err = k.thread.Get(f.name, k.attribute, k.value)
	}
	switch {
	case errors.Is(err, unix.ENODATA), errors.Is(err, unix.EOPNOTSUPP):
		return "", nil
	case errors.Is(err, unix.ERANGE):
		return "", fmt.Errorf("its label is longer than %d bytes", longest)
	case err != nil:
		return "", fmt.Errorf("read the label: %w", err)
	}
	if string(k.value[:n]) != k.last {
		k.last = string(k.value[:n])
	}
	return k.last, nil
}

// set gives a file a label, or none.
func (k *worker) set(f file, label string) (err error) {
	switch {
	case f.dir == nil && label != "":
		return k.access.Set(k.root.fd, k.attribute, []byte(label))
	case f.dir == nil:
		err = k.access.Remove(k.root.fd, k.attribute)
	default:
		if err := k.thread.Enter(f.dir.fd); err != nil {
			return err
		}
		if label != "" {
			return k.thread.Set(f.name, k.attribute, []byte(label))
		}
		err = k.thread.Remove(f.name, k.attribute)
	}
	if errors.Is(err, unix.ENODATA) {
		return nil
	}
	return err
}

// longest is the size of the longest label: one page, as the kernel takes it.
const longest = 4096
