package peers

import (
	"context"
	"slices"
)

// inSystemd executes commands in a container with systemd, which all peers of this type share.
type inSystemd struct {
	systemd
	note string
	exec func(s *systemd, ctx context.Context, argv []string) error
}

// newInSystemd returns a peer that executes commands by D-Bus.
func newInSystemd(roots Roots) *inSystemd {
	return &inSystemd{
		systemd: systemd{berth: berth{roots: roots}, label: "bench-systemd"},
		note:    "org.berth1.Container.Exec on an open bus connection",
		exec: func(s *systemd, ctx context.Context, argv []string) error {
			return s.berth.Exec(ctx, 0, argv)
		},
	}
}

// newProgramInSystemd returns a peer that executes commands by a program. The arguments are those before the command,
// with "NAME" for the container's name.
func newProgramInSystemd(roots Roots, note string, argv ...string) *inSystemd {
	i := newInSystemd(roots)
	i.note = note
	i.exec = func(s *systemd, ctx context.Context, command []string) error {
		whole := slices.Concat(argv, command)
		whole[slices.Index(whole, "NAME")] = s.label
		return logged(ctx, s.log(), whole...)
	}
	return i
}

func (i *inSystemd) Prepare(ctx context.Context, count int) (About, error) {
	about, err := i.systemd.Prepare(ctx, count)
	about.Note = i.note + "; /bin/true in one container of berth with systemd, which runs through all rounds"
	return about, err
}

func (i *inSystemd) Exec(ctx context.Context, _ int, argv []string) error {
	return i.exec(&i.systemd, ctx, argv)
}
