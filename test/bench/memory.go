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

// allMemory records the memory of every contender. running is the number of containers that run.
func (s *session) allMemory(ctx context.Context, running int, moment string) error {
	return s.each(func(p *contender) bool { return !p.extra }, func(p *contender) error {
		return s.memory(ctx, p, running, moment)
	})
}

func (s *session) memory(ctx context.Context, p *contender, running int, moment string) error {
	reply, err := s.do(ctx, p, proto.Request{Op: proto.Memory})
	for _, each := range reply.Processes {
		s.report.Memory = append(s.report.Memory, report.Memory{
			Peer: p.name, Running: running, Moment: moment, Process: each,
		})
	}
	return err
}

// profile records when the steps of a contender's warm starts are seen.
func (s *session) profile(ctx context.Context, p *contender) error {
	seen := report.Profile{Title: "Where a warm start of " + p.name + " goes, seen from outside", Peer: p.name}
	for range s.options.runs {
		warm := s.next(p, 1)
		if _, err := s.do(ctx, p, proto.Request{Op: proto.Start, IDs: warm, Callers: 1}); err != nil || p.problem != "" {
			return err
		}
		watched := s.next(p, 1)
		reply, err := s.do(ctx, p, proto.Request{Op: proto.Profile, IDs: watched})
		if err != nil || p.problem != "" {
			return err
		}
		for _, mark := range reply.Marks {
			seen.Add(mark)
		}
		request := proto.Request{Op: proto.Stop, IDs: slices.Concat(watched, warm), Callers: 1}
		if _, err := s.do(ctx, p, request); err != nil || p.problem != "" {
			return err
		}
	}
	seen.Sort()
	s.report.Profiles = append(s.report.Profiles, seen)
	return nil
}

// collect puts the contenders' samples into the report.
func (s *session) collect() error {
	for _, p := range s.contenders {
		s.report.Peers = append(s.report.Peers, report.Peer{
			Name: p.name, Version: p.version, Note: p.note, Problem: p.problem,
		})
		for _, each := range []struct {
			from report.Series
			to   *[]report.Series
		}{
			{p.warm, &s.report.Warm},
			{p.cold, &s.report.Cold},
			{p.stop, &s.report.Stop},
			{p.exec, s.execTable(p)},
			{p.answer, &s.report.Answer},
			{p.after12, &s.report.After12},
			{p.after30, &s.report.After30},
			{p.restart, &s.report.Restart},
		} {
			if len(each.from.Samples) > 0 {
				each.from.Peer = p.name
				*each.to = append(*each.to, each.from)
			}
		}
	}
	load, err := loadAverage()
	s.report.Machine.After = load
	return err
}

// execTable returns the table of a contender's commands.
func (s *session) execTable(p *contender) *[]report.Series {
	if p.lasting {
		return &s.report.Inside
	}
	return &s.report.Exec
}

// machine returns a description of this machine.
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
