package main

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/test/bench/proto"
	"github.com/berthd/berth/test/bench/report"
)

// memory weighs every player at a moment when so many containers run.
func (g *game) memory(ctx context.Context, running int, moment string) error {
	return g.each(func(p *player) bool { return !p.extra }, func(p *player) error {
		return g.weigh(ctx, p, running, moment)
	})
}

func (g *game) weigh(ctx context.Context, p *player, running int, moment string) error {
	reply, err := g.do(ctx, p, proto.Request{Op: proto.Memory})
	for _, each := range reply.Processes {
		g.report.Memory = append(g.report.Memory, report.Memory{
			Peer: p.name, Running: running, Moment: moment, Process: each,
		})
	}
	return err
}

// profile watches a player's warm starts.
func (g *game) profile(ctx context.Context, p *player) error {
	seen := report.Profile{Peer: p.name}
	for range g.options.runs {
		warm := g.take(p, 1)
		if _, err := g.do(ctx, p, proto.Request{Op: proto.Start, IDs: warm, Callers: 1}); err != nil || p.problem != "" {
			return err
		}
		watched := g.take(p, 1)
		reply, err := g.do(ctx, p, proto.Request{Op: proto.Profile, IDs: watched})
		if err != nil || p.problem != "" {
			return err
		}
		for _, mark := range reply.Marks {
			seen.Add(mark)
		}
		request := proto.Request{Op: proto.Stop, IDs: slices.Concat(watched, warm), Callers: 1}
		if _, err := g.do(ctx, p, request); err != nil || p.problem != "" {
			return err
		}
	}
	seen.Sort()
	g.report.Profiles = append(g.report.Profiles, seen)
	return nil
}

// collect puts the players' samples into the report.
func (g *game) collect() error {
	for _, p := range g.players {
		g.report.Peers = append(g.report.Peers, report.Peer{
			Name: p.name, Version: p.version, Note: p.note, Problem: p.problem,
		})
		for _, each := range []struct {
			from report.Series
			to   *[]report.Series
		}{{p.warm, &g.report.Warm}, {p.cold, &g.report.Cold}, {p.stop, &g.report.Stop}} {
			if len(each.from.Samples) > 0 {
				each.from.Peer = p.name
				*each.to = append(*each.to, each.from)
			}
		}
	}
	load, err := loadAverage()
	g.report.Machine.After = load
	return err
}

// machine describes where this runs.
func machine(ctx context.Context) (report.Machine, error) {
	m := report.Machine{Cores: runtime.NumCPU(), CPU: "unknown processor"}
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return m, err
	}
	m.Kernel = unix.ByteSliceToString(name.Release[:])
	processors, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return m, err
	}
	for line := range strings.Lines(string(processors)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	version, err := exec.CommandContext(ctx, "systemctl", "--version").Output()
	if err != nil {
		return m, err
	}
	if fields := strings.Fields(string(version)); len(fields) > 1 {
		m.Systemd = fields[1]
	}
	m.Before, err = loadAverage()
	return m, err
}

func loadAverage() (string, error) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "", err
	}
	return strings.Join(strings.Fields(string(text))[:3], " "), nil
}
