package launch

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/berthd/berth/internal/linux/inside"
	"github.com/berthd/berth/internal/linux/namespace"
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

// inside calls f beside the caller, who waits until ctx ends. What f has not changed by then it does not change any more.
func (p *Process) inside(ctx context.Context, owner service.Owner, mapped bool, f func(inside.Container) error) error {
	select {
	case p.visits <- struct{}{}:
	default:
		return errStuck
	}
	c := inside.Container{UID: owner.UID, GID: owner.GID, May: func() error { return context.Cause(ctx) }}
	done := make(chan error, 1)
	go func() {
		defer func() { <-p.visits }()
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
