package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/berthd/berth/test/bench/host"
	"github.com/berthd/berth/test/bench/proto"
	"github.com/berthd/berth/test/bench/report"
)

// session is one run of the benchmark: the nests, the contenders and the samples so far.
type session struct {
	options    options
	rig        host.Rig
	nests      []*host.Nest
	links      map[host.Flavour]*host.Link
	contenders []*contender
	report     report.Report
}

// contender is one peer and its samples.
type contender struct {
	peerConfig
	version  string
	note     string
	problem  string // the reason why it is excluded; empty if it is not
	nextID   int    // the container that is used next
	executes bool   // it can execute commands in containers

	warm, cold report.Series
	stop, exec report.Series
	answer     report.Series

	restart, after12, after30 report.Series
}

func newSession(o options) *session {
	return &session{
		options: o,
		rig:     host.Rig{Script: o.nest, State: o.state},
		links:   make(map[host.Flavour]*host.Link),
	}
}

// say prints the progress.
func (s *session) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}

// needs reports whether a contender needs a nest of this flavour.
func (s *session) needs(flavour host.Flavour) bool {
	for _, p := range s.contenders {
		if p.flavour == flavour && p.problem == "" {
			return true
		}
	}
	return false
}

// boot boots a nest with all that the peers need in it, and starts its agent.
func (s *session) boot(ctx context.Context, flavour host.Flavour) error {
	tree, err := host.MakeTree()
	if err != nil {
		return err
	}
	defer os.RemoveAll(tree)
	options := host.Options{Flavour: flavour}
	if s.stageBerth(ctx, tree, flavour) {
		options.Tree = tree
	}
	s.say("booting the %s nest", flavour)
	n, err := s.rig.Boot(ctx, options)
	if err != nil {
		return err
	}
	s.nests = append(s.nests, n)
	if err := host.BuildTinit(ctx, filepath.Join(n.Out(), "tinit")); err != nil {
		return err
	}
	s.links[flavour], err = host.Connect(n)
	return err
}

// stageBerth installs Berth below a directory, if a contender in the nest needs it. It returns whether
// it did. If that fails it excludes Berth's contenders only.
func (s *session) stageBerth(ctx context.Context, tree string, flavour host.Flavour) bool {
	var users []*contender
	for _, p := range s.contenders {
		if p.flavour == flavour && p.berth() {
			users = append(users, p)
		}
	}
	if len(users) == 0 {
		return false
	}
	s.say("building Berth for the nest")
	err := host.Stage(ctx, tree)
	if err != nil {
		for _, p := range users {
			s.exclude(p, err)
		}
	}
	return err == nil
}

// prepare prepares one contender.
func (s *session) prepare(ctx context.Context, p *contender) error {
	if p.problem != "" {
		return nil
	}
	reply, err := s.do(ctx, p, proto.Request{Op: proto.Prepare, Count: s.options.many})
	p.version, p.note, p.executes = reply.Version, reply.Note, reply.Executes
	return err
}

// do sends the agent a request for a contender. A contender that fails is excluded: that is no error of
// the benchmark.
func (s *session) do(ctx context.Context, p *contender, request proto.Request) (proto.Reply, error) {
	request.Peer = p.peer
	reply, err := s.links[p.flavour].Do(ctx, request)
	if failed, ok := errors.AsType[*host.AgentError](err); ok {
		s.exclude(p, failed)
		return reply, nil
	}
	return reply, err
}

func (s *session) exclude(p *contender, reason error) {
	p.problem = reason.Error()
	s.say("%s is excluded: %v", p.name, reason)
}

// close ends the nests, in whatever state they are.
func (s *session) close() error {
	var errs []error
	for _, l := range s.links {
		errs = append(errs, l.Close())
	}
	for _, n := range s.nests {
		errs = append(errs, n.Down())
	}
	return errors.Join(errs...)
}

// pause waits for d. It returns ctx's error if ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
