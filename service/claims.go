package service

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/berthd/berth/internal/domain"
)

// treeClaims are the trees of the host that containers are about to get, and those that are being taken back to plain
// owners. Whoever wants one announces it first, and looks then who was before. So of two that come at the same time the
// later one gives way. A running container is no claim: its live definition has its trees. The zero value is ready.
type treeClaims struct {
	mu   sync.Mutex // never held over a call that can block
	held []*treeClaim
}

// treeClaim is one use of some trees.
type treeClaim struct {
	paths   []string
	unshift *Places // of the path; otherwise a start, or a device that is attached
	name    string  // of that container
}

// announce enters a claim, and returns those that were there before. release takes it out again.
func (t *treeClaims) announce(c treeClaim) (earlier []*treeClaim, release func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	earlier = slices.Clone(t.held)
	t.held = append(t.held, &c)
	return earlier, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.held = slices.DeleteFunc(t.held, func(other *treeClaim) bool { return other == &c })
	}
}

// useTrees claims the directories and images of the host that a container is about to get, until release. They must be
// in the live definition by then. It returns a *TreeError if one is being taken back to plain owners, and another error
// if a file system does not tell that in endTimeout.
func (s *Service) useTrees(ctx context.Context, name string, def *domain.Def) (release func(), err error) {
	paths := append(directoriesOf(def, false), imagesOf(def)...)
	earlier, release := s.trees.announce(treeClaim{paths: paths, name: name})
	earlier = slices.DeleteFunc(earlier, func(e *treeClaim) bool { return e.unshift == nil })
	if len(earlier) == 0 {
		return release, nil
	}
	defer func() {
		if err != nil {
			release()
			release = func() {}
		}
	}()
	ctx, cancel := limited(ctx, endTimeout)
	defer cancel()
	for _, path := range paths {
		tree, err := s.Trees.Places(ctx, path)
		if err != nil {
			return release, fmt.Errorf("whether %s is being taken back to plain owners (unshift), with %s: %w", path, earlier[0].unshift.Path, err)
		}
		for _, e := range earlier {
			if tree.overlap(*e.unshift) {
				return release, &TreeError{Op: "mounted in a container", Path: path, Reason: fmt.Sprintf(
					"%s is being taken back to plain owners (unshift); try again when that is over", e.unshift.Path)}
			}
		}
	}
	return release, nil
}

// claimUnshift claims a tree that is to be taken back to plain owners, until release. It returns a *TreeError if that
// goes on already with a part of it, a container is about to get a part of it, or another manager's container has it;
// and another error if a file system does not tell that in endTimeout. A tree whose own does not answer keeps nobody
// waiting. Running containers are not looked at.
func (s *Service) claimUnshift(ctx context.Context, path string) (release func(), err error) {
	ctx, cancel := limited(ctx, endTimeout)
	defer cancel()
	tree, err := s.Trees.Places(ctx, path)
	if err != nil {
		return func() {}, err
	}
	earlier, release := s.trees.announce(treeClaim{paths: []string{path}, unshift: &tree})
	defer func() {
		if err != nil {
			release()
			release = func() {}
		}
	}()
	for _, e := range earlier {
		if e.unshift != nil && tree.overlap(*e.unshift) {
			return release, &TreeError{Op: notUnshifted, Path: path, Reason: e.unshift.Path + " is being taken back already: wait until that is over"}
		}
	}
	for _, e := range earlier {
		if e.unshift != nil {
			continue
		}
		shared, err := s.firstOverlap(ctx, tree, e.paths)
		if err != nil {
			return release, fmt.Errorf("whether container %s, which is being started or changed, gets files of %s: %w", e.name, path, err)
		}
		if shared != "" {
			return release, &TreeError{Op: notUnshifted, Path: path, Reason: fmt.Sprintf("container %s, which is being started or changed, gets %s", e.name, shared)}
		}
	}
	machines, err := s.Machines.Others(ctx)
	if err != nil {
		return release, fmt.Errorf("which directories other managers' containers have: %w", timedOut(ctx, err))
	}
	for _, m := range machines {
		shared, err := s.firstOverlap(ctx, tree, []string{m.Root})
		if err != nil {
			return release, fmt.Errorf("whether machine %s of %s has files of %s: %w", m.Name, m.Service, path, err)
		}
		if shared != "" {
			return release, &TreeError{Op: notUnshifted, Path: path, Reason: fmt.Sprintf(
				"machine %s of %s runs with %s: stop it first (machinectl lists it)", m.Name, m.Service, shared)}
		}
	}
	return release, nil
}

// firstOverlap returns the first of some paths that has files in common with a tree; "" if none has.
func (s *Service) firstOverlap(ctx context.Context, tree Places, paths []string) (string, error) {
	for _, path := range paths {
		other, err := s.Trees.Places(ctx, path)
		if err != nil {
			return "", err
		}
		if tree.overlap(other) {
			return path, nil
		}
	}
	return "", nil
}

// usePlugged is useTrees for the device that a running container gets.
func (s *Service) usePlugged(ctx context.Context, p *plugging) (release func(), err error) {
	if p.op == PlugDetach {
		return func() {}, nil
	}
	one := &domain.Def{}
	one.Add(p.device)
	release, err = s.useTrees(ctx, p.c.snapshot().Name, one)
	if err != nil {
		err = &domain.Error{Kind: domain.InvalidConfig, Element: string(p.device.Kind()) + "/source", Text: err.Error()}
	}
	return release, err
}
