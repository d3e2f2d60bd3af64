package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inside"
	"github.com/berthd/berth/internal/linux/namespace"
	"github.com/berthd/berth/internal/linux/owners"
	"github.com/berthd/berth/internal/shift"
	"github.com/berthd/berth/internal/shift/ondisk"
	"github.com/berthd/berth/service"
)

// maxInside is how many changes inside a container may wait for its file systems at once.
const maxInside = 8

// errStuck says that a file system of the container does not answer: the container itself may be its server.
var errStuck = errors.New("a file system of the container does not answer")

// MakeNode makes a node in the container's /dev.
func (p *Process) MakeNode(ctx context.Context, n service.DeviceNode) error {
	return p.inside(ctx, n.Root, n.Mapped, func(c inside.Container) error { return c.MakeNode(insideNode(n)) })
}

// RemoveNode removes a node from the container's /dev.
func (p *Process) RemoveNode(ctx context.Context, n service.DeviceNode) error {
	return p.inside(ctx, n.Root, n.Mapped, func(c inside.Container) error { return c.RemoveNode(insideNode(n)) })
}

func insideNode(n service.DeviceNode) inside.Node {
	return inside.Node{Path: n.Path, Block: n.Block, Major: n.Major, Minor: n.Minor, Mode: n.Mode, Label: n.Label}
}

// Exists reports whether the container has a file at a path.
func (p *Process) Exists(ctx context.Context, root service.Owner, path string) (there bool, err error) {
	got := make(chan bool, 1)
	err = p.inside(ctx, root, false, func(c inside.Container) error {
		there, err := c.Exists(path)
		got <- there
		return err
	})
	if err != nil {
		return false, err
	}
	return <-got, nil
}

// Mount attaches a detached mount in the container. It returns a *shift.InterruptedError if that is a directory of the
// host that is being taken back to plain owners.
func (p *Process) Mount(ctx context.Context, tree *os.File, o service.FSMount) error {
	copied, err := duplicate(tree) // the caller closes the tree when ctx ends
	if err != nil {
		return err
	}
	return p.insideThen(ctx, o.Root, o.Mapped, func(c inside.Container) error {
		if err := unmarked(copied, o); err != nil {
			return err
		}
		mapped := o.Owners != nil
		if mapped {
			top, err := owners.Top(copied)
			if err != nil {
				return err
			}
			mapped = shift.JudgeVolume(*o.Owners, shift.Owner{UID: top.UID, GID: top.GID}) == shift.Plain
		}
		return c.Mount(copied, inside.Order{Target: o.Target, Mapped: mapped, Locked: o.Locked})
	}, func() { _ = copied.Close() })
}

func unmarked(tree *os.File, o service.FSMount) error {
	if o.Source == "" {
		return nil
	}
	verdict, marked, err := ondisk.Marked(tree)
	if err != nil || !marked {
		return err
	}
	e := &shift.InterruptedError{Map: verdict.Mark}
	if !o.Image {
		e.Path = o.Source
	}
	return fmt.Errorf("%s: %w", o.Source, e)
}

func duplicate(f *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	runtime.KeepAlive(f)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// Unmount detaches what Mount attached.
func (p *Process) Unmount(ctx context.Context, o service.FSMount, root service.FileID, made bool) error {
	return p.inside(ctx, o.Root, o.Mapped, func(c inside.Container) error {
		return c.Unmount(o.Target, inside.File(root), made)
	})
}

// inside calls f beside the caller, who waits until ctx ends. What f has not changed by then it does not change any
// more.
func (p *Process) inside(ctx context.Context, owner service.Owner, mapped bool, f func(inside.Container) error) error {
	return p.insideThen(ctx, owner, mapped, f, func() {})
}

// insideThen calls then when f is over, or will not be called.
func (p *Process) insideThen(ctx context.Context, owner service.Owner, mapped bool, f func(inside.Container) error, then func()) error {
	select {
	case p.visits <- struct{}{}:
	default:
		then()
		return errStuck
	}
	c := inside.Container{UID: owner.UID, GID: owner.GID, May: func() error { return context.Cause(ctx) }}
	done := make(chan error, 1)
	go func() {
		defer func() { <-p.visits }()
		defer then()
		done <- p.visit(c, mapped, f)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", errStuck, context.Cause(ctx))
	}
}

// visit opens init's root and namespaces.
func (p *Process) visit(c inside.Container, mapped bool, f func(inside.Container) error) error {
	var err error
	if c.Root, err = namespace.RootOfChild(p.PID(), p.Leader()); err != nil {
		return err
	}
	defer func() { _ = c.Root.Close() }()
	if c.Mounts, err = p.Namespace("mnt"); err != nil {
		return err
	}
	defer func() { _ = c.Mounts.Close() }()
	if mapped {
		if c.User, err = p.Namespace("user"); err != nil {
			return err
		}
		defer func() { _ = c.User.Close() }()
	}
	if !p.holdsPID() {
		return os.ErrProcessDone
	}
	return f(c)
}
