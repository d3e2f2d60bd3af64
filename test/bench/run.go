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

// run is the whole benchmark, from the packages to the tables.
func run(ctx context.Context, args []string) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("uid %d: only root can boot a nest", os.Geteuid())
	}
	if o.labels {
		return relabelled(ctx, o)
	}
	s := newSession(o)
	if err := s.rig.Sweep(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if o.virsh {
		return s.onlyVirsh(ctx)
	}
	if err := s.setUp(ctx); err != nil {
		return err
	}
	if err := s.measure(ctx); err != nil {
		return err
	}
	if s.wantsVirsh() {
		if _, err := s.virsh(ctx); err != nil {
			s.say("clients of libvirt are not measured: %v", err)
		}
	}
	if o.jsonPath != "" {
		if err := writeJSON(o.jsonPath, &s.report); err != nil {
			return err
		}
	}
	return s.report.Print(os.Stdout)
}

// setUp prepares every peer that was asked for. It notes the reason if one cannot be measured.
func (s *session) setUp(ctx context.Context) error {
	s.contenders = nil
	for _, each := range peerConfigs() {
		if slices.Contains(s.options.peers, each.name) {
			s.contenders = append(s.contenders, &contender{peerConfig: each})
		}
	}
	if err := s.checkFavoured(); err != nil {
		return err
	}
	missing, err := s.packages(ctx)
	if err != nil {
		return err
	}
	for _, p := range s.contenders {
		for _, each := range p.packages {
			if slices.Contains(missing, each) {
				p.problem = "Debian package " + each + " is not installed"
			}
		}
	}
	for _, flavour := range []host.Flavour{host.Plain, host.Libvirt} {
		if s.needs(flavour) {
			if err := s.boot(ctx, flavour); err != nil {
				return err
			}
		}
	}
	if s.report.Machine, err = machine(ctx); err != nil {
		return err
	}
	for _, p := range s.contenders {
		if err := s.prepare(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// packages installs missing packages. It returns those that are still missing, and an error if a base
// package is.
func (s *session) packages(ctx context.Context) ([]string, error) {
	wanted := basePackages()
	for _, p := range s.contenders {
		wanted = append(wanted, p.packages...)
	}
	slices.Sort(wanted)
	missing := host.Missing(ctx, slices.Compact(wanted))
	if len(missing) > 0 && s.options.install {
		s.say("installing %v", missing)
		if err := host.Install(ctx, os.Stderr); err != nil {
			s.say("%v", err)
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
