package relabel

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/xattr"
	"github.com/berthd/berth/internal/shift"
)

// Unshift is a tree whose files get their plain owners back.
type Unshift struct {
	Path string
	// Map is the ids that the files have on the host. Without ranges they are those of an earlier unshift that was
	// interrupted, of Default, or those that begin with the owner of the tree's top.
	Map, Default shift.Map
	Begins       func(id uint32) (bool, error) // tells whether a range of containers begins with an id; nil asks for a Map
	DryRun       bool                          // count only
}

// Unshifted is what an Unshift has come upon.
type Unshifted struct {
	Files   uint64 // that were looked at; one with several names counts once
	Changed uint64 // whose owner, access list or capabilities had ids of the map
	Left    uint64 // with an owner that is neither of the map on the host nor of those inside
	Example string // the path of one of those; "" if there is none
	Dropped uint64 // that had several names, and so did not get their setuid and setgid bits and capabilities back
	Of      string // the path of one of those; "" if there is none
	Base    uint32 // the first user of the map on the host
}

// Unshift gives the files of a tree the owners that they have inside of a container: their ids on the host, of the map,
// become those to which they are mapped, also in access lists and in capabilities. Other ids stay. It keeps the bits of
// the mode and the capabilities that chown(2) takes away, but for those of a file with several names, of which one may
// be out of the tree: there they would be rights of the host's root for whoever can reach it. It can be done again
// after a kill at any moment, because the owners say what is done, a mark on a file with such a mode or capabilities
// what they were, and one on the top by which map: that is there before anything changes, and until all is done. It
// returns a *RefusedError, and has done nothing, if the tree belongs to the host, or shares files with one of others,
// if a process has it or a part of it as its root directory or mounted, other than the host has, if owners would not
// tell what is done, if an earlier unshift by another map was interrupted, or if the file system keeps no marks.
func (r *Relabeler) Unshift(ctx context.Context, o Unshift, others []string, progress func(Progress)) (Unshifted, error) {
	if progress == nil {
		progress = func(Progress) {}
	}
	roots, err := r.openAll(ctx, []Tree{{Path: o.Path}}, others)
	if err != nil {
		return Unshifted{}, err
	}
	defer closeAll(roots)
	top := roots[0]
	if !top.isDir() {
		return Unshifted{}, &RefusedError{Path: o.Path, Reason: "it is no directory"}
	}
	mark, err := r.choose(&o, top)
	if err != nil {
		return Unshifted{}, err
	}
	if !o.DryRun {
		if err := r.unheld(ctx, top); err != nil {
			return Unshifted{}, err
		}
	}
	u := &unshifting{Unshift: o, progress: progress, step: uint64(r.batch), linked: newLinked(), ahead: map[identity]bool{}}
	u.out.Base = o.Map.UIDs[0].Outside
	w := &walk{access: r.access, root: top, stop: ctx}
	of := func(k *worker) *unshifter { return &unshifter{unshifting: u, worker: k, names: make([]byte, 64<<10)} }
	w.visitor = func(k *worker) visitor { return of(k) }
	if err := mark.set(o.Map); err != nil {
		return Unshifted{}, err
	}
	err = of(&worker{walk: w}).places()
	if err == nil {
		err = w.run(r.workers, "")
	}
	if err == nil {
		err = of(&worker{walk: w}).last()
	}
	err = errors.Join(err, mark.end(err == nil, u.touched.Load()))
	progress(Progress{Files: u.out.Files, Changed: u.out.Changed})
	return u.out, err
}

// unshifting is one call of Unshift.
type unshifting struct {
	Unshift
	progress func(Progress)
	step     uint64     // so many files are looked at between two calls of progress
	links    sync.Mutex // held while a file with several names is changed: two workers would undo each other's
	mu       sync.Mutex
	out      Unshifted
	linked   *linked
	ahead    map[identity]bool // directories that were changed before the walk came to them
	touched  atomic.Bool       // something has changed, or may have
}

// count adds a file to the result.
func (u *unshifting) count(f file, root *root, did effect, strange bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	changed := did.changed || u.ahead[f.identity]
	if did.lost && (!u.DryRun || !u.linked.has(f.identity)) {
		if u.out.Dropped++; u.out.Dropped == 1 {
			u.out.Of = f.path(root)
		}
	}
	if f.links > 1 && !f.isDir() {
		if u.linked.met(f.identity) {
			if changed && !u.DryRun { // the worker that counted it had not changed it
				u.out.Changed++
			}
			return
		}
	}
	u.out.Files++
	if changed {
		u.out.Changed++
	}
	if strange {
		if u.out.Left++; u.out.Left == 1 {
			u.out.Example = f.path(root)
		}
	}
	if u.out.Files%u.step == 0 {
		u.progress(Progress{Files: u.out.Files, Changed: u.out.Changed})
	}
}

// unshifter is the visitor of one worker.
type unshifter struct {
	*unshifting
	worker *worker
	names  []byte // of attributes
}

// places changes the directories that tell of a root whether it is shifted, before all others, and last changes its
// top. In between the root is half shifted for all who look at it: no container starts with it.
func (u *unshifter) places() error {
	for _, name := range shift.Places()[1:] {
		fd, err := inside(u.worker.root.fd, name, unix.O_PATH|unix.O_DIRECTORY)
		if gone(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s/%s: %w", u.Path, name, err)
		}
		at, err := look(fd)
		if err == nil && at.mnt == u.worker.root.mnt {
			var did effect
			if did, err = u.change(fd); did.changed {
				u.ahead[at.identity] = true
			}
		}
		_ = unix.Close(fd)
		if err != nil {
			return u.explain(u.Path+"/"+name, err)
		}
	}
	return nil
}

func (u *unshifter) last() error {
	top := file{looked: u.worker.root.looked}
	_, _, _, strange := u.Map.Owner(top.uid, top.gid)
	did, err := u.change(u.worker.root.fd)
	if err != nil {
		return u.explain(u.Path, err)
	}
	u.count(top, u.worker.root, did, strange)
	return nil
}

// explain names the file of an error.
func (*unshifter) explain(path string, err error) error {
	if errors.Is(err, unix.EPERM) {
		err = fmt.Errorf("%w (is it immutable? lsattr(1) tells)", err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

func (*unshifter) flush() error { return nil }
func (*unshifter) drop()        {}

// visit looks whether a file has an id of the map, by its name. Only one that may have is opened.
func (u *unshifter) visit(f file, _ string) (string, error) {
	if f.dir == nil {
		return "", nil // the top is the last
	}
	_, _, changes, strange := u.Map.Owner(f.uid, f.gid)
	did, err := effect{changed: changes}, error(nil)
	look := changes
	if !changes {
		var held attributes
		held, err = u.attributes(f)
		look = held != attributes{}
	}
	if err == nil && look {
		did, err = u.opened(f)
	}
	if gone(err) {
		return "", nil
	}
	if err != nil {
		return "", u.explain(f.path(u.worker.root), err)
	}
	u.count(f, u.worker.root, did, strange)
	return "", nil
}

// effect is what a change does to a file: whether anything, and whether its rights are lost.
type effect struct{ changed, lost bool }

// opened changes a file, by a descriptor: what decides is who owns this very file and which attributes it has, whatever
// had or takes its name.
func (u *unshifter) opened(f file) (did effect, err error) {
	fd, err := inside(f.dir.fd, f.name, unix.O_PATH)
	if err != nil {
		return did, err
	}
	defer func() { _ = unix.Close(fd) }()
	if f.links > 1 && !f.isDir() { // another worker may be at another of its names
		u.links.Lock()
		defer u.links.Unlock()
	}
	return u.change(fd)
}

// change changes an open file, unless this is a dry run, and reports what there is to change.
func (u *unshifter) change(fd int) (did effect, err error) {
	at, err := look(fd)
	if err != nil {
		return did, err
	}
	held, err := u.listed(u.worker.access.List(fd, u.names))
	if err != nil {
		return did, err
	}
	held.mark = held.mark && at.mode&unix.S_IFMT == unix.S_IFREG // that of a directory is of the tree below it, see mark
	one := &owned{access: u.worker.access, fd: fd, looked: at, m: u.Map, held: held}
	if err := one.read(); err != nil {
		return did, err
	}
	if u.DryRun {
		return effect{one.changes(), one.loses()}, nil
	}
	if did.changed = one.changes(); did.changed {
		u.touched.Store(true)
	}
	err = one.change()
	did.lost = one.lost
	return did, err
}

// attributes says which attributes with ids a file has.
type attributes struct{ access, preset, capability, mark bool }

// attributes reads which attributes a file has, by its name.
func (u *unshifter) attributes(f file) (attributes, error) {
	if err := u.worker.thread.Enter(f.dir.fd); err != nil {
		return attributes{}, err
	}
	return u.listed(u.worker.thread.List(f.name, u.names))
}

// listed reads what a call has listed, n bytes.
func (u *unshifter) listed(n int, err error) (a attributes, _ error) {
	if errors.Is(err, unix.EOPNOTSUPP) {
		return a, nil
	}
	if err != nil {
		return a, fmt.Errorf("list the attributes: %w", err)
	}
	for _, name := range xattr.Names(u.names[:n]) {
		switch name {
		case shift.AccessACL:
			a.access = true
		case shift.DefaultACL:
			a.preset = true
		case shift.Capability:
			a.capability = true
		case markName:
			a.mark = true
		}
	}
	return a, nil
}
