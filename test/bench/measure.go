package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/berthd/berth/test/bench/host"
	"github.com/berthd/berth/test/bench/report"
)

// measure is the whole benchmark, from the packages to the tables.
func measure(ctx context.Context, args []string) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("uid %d: only root can boot a nest", os.Geteuid())
	}
	g := newGame(o)
	if err := g.rig.Sweep(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.close()) }()
	if err := g.setUp(ctx); err != nil {
		return err
	}
	if err := g.play(ctx); err != nil {
		return err
	}
	if o.jsonPath != "" {
		if err := writeJSON(o.jsonPath, &g.report); err != nil {
			return err
		}
	}
	return g.report.Print(os.Stdout)
}

// setUp makes every peer that was asked for ready, or notes why it is not.
func (g *game) setUp(ctx context.Context) error {
	g.players = nil
	for _, each := range contestants() {
		if slices.Contains(g.options.peers, each.name) {
			g.players = append(g.players, &player{contestant: each})
		}
	}
	missing, err := g.packages(ctx)
	if err != nil {
		return err
	}
	for _, p := range g.players {
		for _, each := range p.packages {
			if slices.Contains(missing, each) {
				p.problem = "Debian package " + each + " is not installed"
			}
		}
	}
	for _, flavour := range []host.Flavour{host.Plain, host.Libvirt} {
		if g.wants(flavour) {
			if err := g.boot(ctx, flavour); err != nil {
				return err
			}
		}
	}
	if g.report.Machine, err = machine(ctx); err != nil {
		return err
	}
	for _, p := range g.players {
		if err := g.prepare(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// packages installs what is missing and gives what still is. Without the base packages there is
// nothing to measure on.
func (g *game) packages(ctx context.Context) ([]string, error) {
	wanted := basePackages()
	for _, p := range g.players {
		wanted = append(wanted, p.packages...)
	}
	slices.Sort(wanted)
	missing := host.Missing(ctx, slices.Compact(wanted))
	if len(missing) > 0 && g.options.install {
		g.say("installing %v", missing)
		if err := host.Install(ctx, os.Stderr); err != nil {
			g.say("%v", err)
		}
		missing = host.Missing(ctx, missing)
	}
	for _, each := range basePackages() {
		if slices.Contains(missing, each) {
			return nil, fmt.Errorf("debian package %s is not installed", each)
		}
	}
	return missing, nil
}

func writeJSON(path string, r *report.Report) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
