package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/berthd/berth/test/bench/host"
	"github.com/berthd/berth/test/bench/report"
)

// onlyVirsh measures what clients of libvirt wait for, and prints that alone.
func (s *session) onlyVirsh(ctx context.Context) error {
	s.contenders = []*contender{{peerConfig: peerConfig{packages: libvirtPackages()}}}
	missing, err := s.packages(ctx)
	if err == nil && len(missing) > 0 {
		err = fmt.Errorf("debian packages %v are not installed", missing)
	}
	if err != nil {
		return err
	}
	if s.report.Machine, err = machine(ctx); err != nil {
		return err
	}
	if s.report.Peers, err = s.virsh(ctx); err != nil {
		return err
	}
	if s.report.Machine.After, err = loadAverage(); err != nil {
		return err
	}
	if s.options.jsonPath != "" {
		if err := writeJSON(s.options.jsonPath, &s.report); err != nil {
			return err
		}
	}
	return s.report.PrintVirsh(os.Stdout)
}

// wantsVirsh reports whether clients of libvirt are measured after all else: if Berth and libvirt are.
func (s *session) wantsVirsh() bool {
	measured := func(peer string) bool {
		return slices.ContainsFunc(s.contenders, func(p *contender) bool { return p.name == peer && p.problem == "" })
	}
	return measured(report.Ours) && measured("libvirt")
}

// virsh boots a nest of its own, with Berth and libvirtd, and measures what clients of both wait for. It returns the
// peers.
func (s *session) virsh(ctx context.Context) ([]report.Peer, error) {
	if err := s.close(); err != nil { // nests of a flavour have one name
		return nil, err
	}
	s.nests = nil
	clear(s.links)
	tree, err := host.MakeTree()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tree)
	s.say("building Berth for the nest of virsh")
	if err := host.Stage(ctx, tree); err != nil {
		return nil, err
	}
	s.say("booting the nest of virsh")
	n, err := s.rig.Boot(ctx, host.Options{Flavour: host.Libvirt, Tree: tree})
	if err != nil {
		return nil, err
	}
	s.nests = append(s.nests, n)
	s.say("virsh list and info calls of 1,000 containers, %d rounds", s.options.runs)
	out, err := n.Output(ctx, "virsh", strconv.Itoa(s.options.runs))
	if err != nil {
		return nil, err
	}
	var part report.Report
	if err := json.Unmarshal(out, &part); err != nil {
		return nil, fmt.Errorf("figures of virsh: %w", err)
	}
	s.report.Virsh = part.Virsh
	return part.Peers, nil
}
