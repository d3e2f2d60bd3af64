package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/account"
	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/export"
	"github.com/berthd/berth/internal/linux/inroot"
	"github.com/berthd/berth/internal/plan"
)

// jsonWarning is something that an export lacks.
type jsonWarning struct {
	Element  string   `json:"element"`
	Text     string   `json:"text"`
	Commands []string `json:"commands"`
}

// exported reads a container as its next start would make it, and says how the host is asked about it.
func (a *app) exported(ctx context.Context, d Daemon, p client.Path, which client.Definition) (*export.Source, export.Host, error) {
	xml, err := d.XML(ctx, p, which)
	if err != nil {
		return nil, export.Host{}, err
	}
	text, err := d.Plan(ctx, p, which)
	if err != nil {
		return nil, export.Host{}, err
	}
	s, err := export.Read(xml, text)
	if err != nil {
		return nil, export.Host{}, err
	}
	if a.host != "" {
		return s, elsewhere(), nil
	}
	return s, thisHost(s.Plan.Sources[0]), nil
}

// elsewhere is a host of which nothing can be asked.
func elsewhere() export.Host {
	err := errors.New("the container is on another host")
	return export.Host{
		Account: func(string, string) (export.Account, error) { return export.Account{}, err },
		Device:  func(string) (major, minor uint32, _ error) { return 0, 0, err },
		Owner:   func(string) (uint32, error) { return 0, err },
	}
}

func thisHost(root plan.Source) export.Host {
	return export.Host{
		Account: func(user, group string) (export.Account, error) { return accountIn(root, user, group) },
		Device:  blockNumbers,
		Owner:   ownerOf,
	}
}

// accountIn looks a user up in the root of a container, out of which no path leads.
func accountIn(root plan.Source, user, group string) (out export.Account, err error) {
	if root.Kind != plan.SourceTree {
		return out, fmt.Errorf("%s is no directory", root.Path)
	}
	dir, err := os.Open(root.Path)
	if err != nil {
		return out, err
	}
	defer func() { _ = dir.Close() }()
	found, err := account.LookUp(inroot.New(dir), user, group)
	if err != nil {
		return out, err
	}
	out = export.Account{UID: uint32(found.UID), GID: uint32(found.GID)}
	for _, g := range found.Groups {
		out.Groups = append(out.Groups, uint32(g))
	}
	return out, nil
}

func ownerOf(path string) (uint32, error) {
	stat, err := statOf(path)
	return stat.Uid, err
}

func blockNumbers(path string) (major, minor uint32, err error) {
	stat, err := statOf(path)
	if err == nil && stat.Mode&syscall.S_IFMT != syscall.S_IFBLK {
		err = fmt.Errorf("%s is no block device", path)
	}
	return unix.Major(stat.Rdev), unix.Minor(stat.Rdev), err
}

func statOf(path string) (stat syscall.Stat_t, err error) {
	if err := syscall.Stat(path, &stat); err != nil {
		return stat, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return stat, nil
}

func jsonWarnings(list export.Warnings) []jsonWarning {
	out := make([]jsonWarning, len(list))
	for i, w := range list {
		out[i] = jsonWarning{w.Element, w.Text, w.Commands}
		if w.Commands == nil {
			out[i].Commands = []string{}
		}
	}
	return out
}

// warnOf prints what an export lacks, with the commands that make up for it.
func (a *app) warnOf(list export.Warnings) {
	for _, w := range list {
		fmt.Fprintf(a.Err, "warning: %s: %s\n", printable(w.Element), printable(w.Text))
		for _, c := range w.Commands {
			fmt.Fprintf(a.Err, "    %s\n", printable(c))
		}
	}
}
