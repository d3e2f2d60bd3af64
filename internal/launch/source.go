package launch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/inside"
	"github.com/berthd/berth/internal/linux/mount"
	"github.com/berthd/berth/internal/shift"
	"github.com/berthd/berth/internal/shift/ondisk"
	"github.com/berthd/berth/internal/wire"
	"github.com/berthd/berth/service"
)

// OpenSource returns a detached mount of the source of a file system, and its root.
func (p *Process) OpenSource(ctx context.Context, o service.FSSource) (tree *os.File, root service.FileID, err error) {
	type opened struct {
		tree *os.File
		root inside.File
	}
	got := make(chan opened, 1)
	err = p.inside(ctx, o.Root, false, func(c inside.Container) error {
		tree, err := openTree(c, o)
		if err != nil {
			return err
		}
		is, err := inside.FileOf(tree)
		if err == nil {
			err = c.May()
		}
		if err != nil {
			_ = tree.Close()
			return err
		}
		got <- opened{tree, is}
		return nil
	})
	if err != nil {
		select {
		case o := <-got: // it came at the same moment
			_ = o.tree.Close()
		default:
		}
		return nil, service.FileID{}, err
	}
	is := <-got
	return is.tree, service.FileID(is.root), nil
}

func openTree(c inside.Container, o service.FSSource) (tree *os.File, err error) {
	attr := mount.Attr(0)
	if o.ReadOnly {
		attr = mount.ReadOnly
	}
	switch {
	case o.Inner:
		tree, err = c.CloneInner(o.Path)
	case o.Path == "":
		options := []mount.Option{{Key: "size", Value: strconv.FormatUint(o.Size, 10)}, {Key: "uid", Value: id(o.Root.UID)}, {Key: "gid", Value: id(o.Root.GID)}}
		if o.Label != "" {
			options = append(options, mount.Option{Key: "context", Value: o.Label})
		}
		return mount.New("tmpfs", options, attr|mount.NoSUID|mount.NoDev)
	default:
		at, err := os.OpenFile(o.Path, unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			return nil, err
		}
		defer func() { _ = at.Close() }()
		if verdict, marked, err := ondisk.MarkedAbove(at); err != nil || marked {
			if err == nil {
				err = fmt.Errorf("%s: %w", o.Path, &shift.InterruptedError{Map: verdict.Mark, Above: verdict.Above})
			}
			return nil, err
		}
		if tree, err = mount.Clone(at, mount.One); err != nil {
			return nil, err
		}
	}
	if err == nil {
		err = mount.SetAttr(tree, attr, mount.One)
	}
	if err != nil {
		_ = tree.Close() // nil if there is none
		return nil, err
	}
	return tree, nil
}

func id(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

// HoldSource has the supervisor keep the host's file system of a path from being made read-only, under a name. A file
// system that cannot be held is left as it is, as at a start.
func (p *Process) HoldSource(ctx context.Context, name, path string) error {
	held := holdSource(path)
	if held == nil {
		return nil
	}
	defer func() { _ = held.Close() }()
	_, err := p.request(ctx, func(request uint32) wire.Message { return &wire.Hold{Request: request, Name: name} }, held)
	return err
}

func holdSource(path string) *os.File {
	dir, err := os.OpenFile(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		dir, err = os.OpenFile(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		return nil
	}
	defer func() { _ = dir.Close() }()
	held, err := mount.Hold(dir)
	if err != nil {
		return nil
	}
	return held
}
