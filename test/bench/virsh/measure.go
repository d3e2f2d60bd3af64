package virsh

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/test/bench/report"
)

const (
	containers = 1000
	batches    = 10 // the daemons take turns
	batch      = 1000
)

// Inside measures on this host, which is a nest, with so many rounds of virsh. It writes a report with the figures, and
// the peers, as JSON.
func Inside(ctx context.Context, rounds string, w io.Writer) (err error) {
	n, err := strconv.Atoi(rounds)
	if err != nil {
		return err
	}
	if err := startServices(ctx); err != nil {
		return err
	}
	all := daemons()
	defer func() {
		for _, d := range all {
			err = errors.Join(err, d.close())
		}
	}()
	for _, d := range all {
		if err := d.prepare(ctx, containers); err != nil {
			return err
		}
	}
	least, err := startInstant(ctx, instantSocket, all[0].socket)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, least.close()) }()
	r := report.Report{Virsh: &report.Virsh{Containers: containers}}
	if r.Peers, err = versions(ctx, all); err != nil {
		return err
	}
	if r.Virsh.List, err = lists(ctx, all, n); err != nil {
		return err
	}
	if r.Virsh.Info, err = infos(ctx, all); err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(&r)
}

func versions(ctx context.Context, all []*daemon) ([]report.Peer, error) {
	var peers []report.Peer
	for _, d := range all {
		program := strings.TrimSuffix(d.unit, ".service")
		if d.name == report.Ours {
			program = "berthctl"
		}
		out, err := exec.CommandContext(ctx, program, "--version").Output()
		if err != nil {
			return nil, fmt.Errorf("%s --version: %w", program, err)
		}
		peers = append(peers, report.Peer{Name: d.name, Version: strings.TrimSpace(string(out)), Note: "virsh -c " + d.uri})
	}
	return append(peers, report.Peer{Name: instantPeer, Note: "virsh -c " + instantURI + ", answered by what " + report.Ours + " said before"}), nil
}

// lists runs virsh in turn for nothing, for the list of each daemon, and for one that does nothing. The first round
// only warms the caches, and teaches the latter its answers.
func lists(ctx context.Context, all []*daemon, rounds int) ([]report.Series, error) {
	series := []report.Series{{Peer: report.Floor}}
	for _, d := range all {
		series = append(series, report.Series{Peer: d.name})
	}
	series = append(series, report.Series{Peer: instantPeer})
	for round := range rounds + 1 {
		floor, err := virsh(ctx, "--version")
		if err != nil {
			return nil, err
		}
		add := func(s *report.Series, r ran) {
			if round > 0 {
				s.Samples, s.Client = append(s.Samples, r.took), append(s.Client, r.used)
			}
		}
		add(&series[0], floor)
		for i, d := range all {
			before, err := used(d.pid)
			if err != nil {
				return nil, err
			}
			ran, err := list(ctx, d.name, d.uri)
			if err != nil {
				return nil, err
			}
			after, err := used(d.pid)
			if err != nil {
				return nil, err
			}
			s := &series[i+1]
			add(s, ran)
			if round > 0 {
				s.Used = append(s.Used, millis(after-before))
			}
		}
		ran, err := list(ctx, instantPeer, instantURI)
		if err != nil {
			return nil, err
		}
		add(&series[len(series)-1], ran)
	}
	return series, nil
}

// list runs virsh list --all.
func list(ctx context.Context, name, uri string) (ran, error) {
	r, err := virsh(ctx, "-c", uri, "list", "--all")
	if err == nil && rows(r.out) != containers {
		err = fmt.Errorf("virsh lists %d containers of %s, not %d", rows(r.out), name, containers)
	}
	return r, err
}

// ran is a process that has ended: its time and what it used of processors, in milliseconds, and what it printed.
type ran struct {
	took, used float64
	out        []byte
}

// virsh runs virsh until it ends.
func virsh(ctx context.Context, args ...string) (ran, error) {
	cmd := exec.CommandContext(ctx, "virsh", args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		return ran{}, fmt.Errorf("virsh %s: %w: %s", strings.Join(args, " "), err, bytes.TrimSpace(errs.Bytes()))
	}
	took, p := time.Since(begin), cmd.ProcessState
	return ran{millis(took), millis(p.UserTime() + p.SystemTime()), out.Bytes()}, nil
}

// rows returns how many containers virsh has listed: a heading and a rule come before them.
func rows(list []byte) int {
	return max(bytes.Count(bytes.TrimSpace(list), []byte("\n"))-1, 0)
}

// infos asks for the figures of one container again and again: of one that is off, and of one that runs.
func infos(ctx context.Context, all []*daemon) ([]report.Series, error) {
	var series []report.Series
	for _, d := range all {
		series = append(series, report.Series{Peer: d.name + report.Off}, report.Series{Peer: d.name + report.Runs})
	}
	for n := range batches + 1 {
		for i, d := range all {
			for j, domain := range []xdr.Domain{d.off, d.runs} {
				s := &series[2*i+j]
				if err := d.infos(ctx, domain, s); err != nil {
					return nil, fmt.Errorf("%s: %w", s.Peer, err)
				}
				if n == 0 {
					s.Samples, s.Used = nil, nil
				}
			}
		}
	}
	return series, nil
}

// infos makes a batch of calls. It adds the time of each, and what the daemon computed for one on average.
func (d *daemon) infos(ctx context.Context, domain xdr.Domain, s *report.Series) error {
	before, err := used(d.pid)
	if err != nil {
		return err
	}
	for range batch {
		begin := time.Now()
		_, err := d.info(domain)
		s.Samples = append(s.Samples, millis(time.Since(begin)))
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
	after, err := used(d.pid)
	s.Used = append(s.Used, millis(after-before)/batch)
	return err
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
