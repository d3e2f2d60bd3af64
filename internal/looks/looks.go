// Package looks bounds what waits for file systems that do not answer: a server of NFS that is gone, or one of FUSE
// that hangs. No system call that looks at a path there comes back, and mostly no signal ends it.
//
// Each look is a goroutine, and so a thread. Its caller waits as long as his context lasts, and leaves it to itself
// then: it holds its place until the kernel answers. There are few places for each file system, so that one which does
// not answer leaves some for the others.
package looks

import (
	"context"
	"fmt"
	"sync"
)

// Looks are the looks at paths that go on. New makes one.
type Looks struct {
	places chan struct{} // holds one token for each look
	each   int
	group  func(path string) string

	mu     sync.Mutex
	groups map[string]*group
}

// group is the looks at the paths of one file system.
type group struct {
	places chan struct{} // holds one token for each look
	users  int           // looks, and callers that wait for a place
}

// New returns Looks of which at most so many go on at once, and at most each at the paths that of gives the same name.
func New(most, each int, of func(path string) string) *Looks {
	return &Looks{places: make(chan struct{}, most), each: each, group: of, groups: map[string]*group{}}
}

// UnansweredError says that a context has ended before a look did.
type UnansweredError struct {
	Path   string
	Others int   // how many others do not end, if this look was not begun because of them; otherwise 0
	Cause  error // of the end of the context
}

func (e *UnansweredError) Error() string {
	if e.Others > 0 {
		return fmt.Sprintf("%s was not looked at, because %d other looks at files still wait for an answer of their file systems: %v", e.Path, e.Others, e.Cause)
	}
	return fmt.Sprintf("the file system of %s does not answer: %v", e.Path, e.Cause)
}

func (e *UnansweredError) Unwrap() error { return e.Cause }

// At returns what look returns, which looks at a path. It returns an *UnansweredError if ctx ends meanwhile. What look
// returns later, without an error, is given to drop, which may be nil.
func At[T any](ctx context.Context, l *Looks, path string, look func() (T, error), drop func(T)) (T, error) {
	var none T
	leave, err := l.enter(ctx, path)
	if err != nil {
		return none, err
	}
	if ctx.Err() != nil { // nothing is known of the file system
		leave()
		return none, context.Cause(ctx)
	}
	type seen struct {
		value T
		err   error
	}
	got := make(chan seen)
	go func() {
		value, err := look()
		leave()
		select {
		case got <- seen{value, err}:
		case <-ctx.Done():
			if err == nil && drop != nil {
				drop(value)
			}
		}
	}()
	select {
	case s := <-got:
		return s.value, s.err
	case <-ctx.Done():
		return none, &UnansweredError{Path: path, Cause: context.Cause(ctx)}
	}
}

// enter waits for a place. leave gives it back.
func (l *Looks) enter(ctx context.Context, path string) (leave func(), err error) {
	name := l.group(path)
	g := l.join(name)
	for held, places := range []chan struct{}{g.places, l.places} {
		if take(ctx, places) {
			continue
		}
		if held > 0 {
			<-g.places
		}
		l.part(name, g)
		return nil, &UnansweredError{Path: path, Others: cap(places), Cause: context.Cause(ctx)}
	}
	return func() {
		<-l.places
		<-g.places
		l.part(name, g)
	}, nil
}

// take takes a place. It prefers a free one to the end of the context.
func take(ctx context.Context, places chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	default:
	}
	select {
	case places <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *Looks) join(name string) *group {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.groups[name]
	if g == nil {
		g = &group{places: make(chan struct{}, l.each)}
		l.groups[name] = g
	}
	g.users++
	return g
}

func (l *Looks) part(name string, g *group) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g.users--; g.users == 0 {
		delete(l.groups, name)
	}
}
