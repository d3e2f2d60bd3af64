package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/berthd/berth/test/bench/host"
	"github.com/berthd/berth/test/bench/proto"
	"github.com/berthd/berth/test/bench/report"
)

// game is one run of the benchmark: the nests, the peers in them and what they did so far.
type game struct {
	options options
	rig     host.Rig
	nests   []*host.Nest
	links   map[host.Flavour]*host.Link
	players []*player
	report  report.Report
}

// player is one peer and its samples.
type player struct {
	contestant
	version string
	note    string
	problem string // why it is out of the game
	next    int    // the container whose turn it is

	warm, cold report.Series
	stop       report.Series
}

func newGame(o options) *game {
	return &game{
		options: o,
		rig:     host.Rig{Script: o.nest, State: o.state},
		links:   make(map[host.Flavour]*host.Link),
	}
}

// say tells the one who waits what goes on.
func (g *game) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}

// wants tells whether anybody needs a nest of this flavour.
func (g *game) wants(flavour host.Flavour) bool {
	for _, p := range g.players {
		if p.flavour == flavour && p.problem == "" {
			return true
		}
	}
	return false
}

// boot boots a nest, puts into it what the peers need and starts its agent.
func (g *game) boot(ctx context.Context, flavour host.Flavour) error {
	tree, err := host.MakeTree()
	if err != nil {
		return err
	}
	defer os.RemoveAll(tree)
	options := host.Options{Flavour: flavour}
	if g.stage(ctx, tree, flavour) {
		options.Tree = tree
	}
	g.say("booting the %s nest", flavour)
	n, err := g.rig.Boot(ctx, options)
	if err != nil {
		return err
	}
	g.nests = append(g.nests, n)
	if err := host.BuildTinit(ctx, filepath.Join(n.Out(), "tinit")); err != nil {
		return err
	}
	g.links[flavour], err = host.Connect(n)
	return err
}

// stage installs Berth below a directory when somebody in the nest needs it, and tells whether
// it is there. When it cannot be installed only Berth is out.
func (g *game) stage(ctx context.Context, tree string, flavour host.Flavour) bool {
	var users []*player
	for _, p := range g.players {
		if p.flavour == flavour && strings.HasPrefix(p.peer, "berth") {
			users = append(users, p)
		}
	}
	if len(users) == 0 {
		return false
	}
	g.say("building Berth for the nest")
	err := host.Stage(ctx, tree)
	if err != nil {
		for _, p := range users {
			g.drop(p, err)
		}
	}
	return err == nil
}

// prepare makes one peer ready.
func (g *game) prepare(ctx context.Context, p *player) error {
	if p.problem != "" {
		return nil
	}
	reply, err := g.do(ctx, p, proto.Request{Op: proto.Prepare, Count: g.options.many})
	p.version, p.note = reply.Version, reply.Note
	return err
}

// do has the peer's agent do something. A peer that cannot do it is out of the game; that is no
// error of the benchmark.
func (g *game) do(ctx context.Context, p *player, request proto.Request) (proto.Reply, error) {
	request.Peer = p.peer
	reply, err := g.links[p.flavour].Do(ctx, request)
	if failed, ok := errors.AsType[*host.AgentError](err); ok {
		g.drop(p, failed)
		return reply, nil
	}
	return reply, err
}

func (g *game) drop(p *player, reason error) {
	p.problem = reason.Error()
	g.say("%s is out: %v", p.name, reason)
}

// close ends the nests, whatever state they are in.
func (g *game) close() error {
	var errs []error
	for _, l := range g.links {
		errs = append(errs, l.Close())
	}
	for _, n := range g.nests {
		errs = append(errs, n.Down())
	}
	return errors.Join(errs...)
}

// pause waits without doing anything.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
