package cli

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/internal/top"
)

// TestTopBatch: batch output has so many tables as are asked for, with the chosen columns, order and filter.
func TestTopBatch(t *testing.T) {
	t.Parallel()
	clock := regexp.MustCompile(`(\d{4}-\d\d-\d\dT)?\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)?`)
	var got strings.Builder
	for _, line := range []string{
		"top -b -n 1", "top --batch --iterations 2 --delay 5 --active", "-q top -b -n 1 --filter DB --columns name,state", "top -b -n 1 --columns name --sort name --reverse",
		"top --csv -n 1", "-q top --csv -n 2 --columns name,memory,tasks --active",
		"top --json -n 1 --active", "top --json --csv",
	} {
		o := run(t, fleet(), strings.Split(line, " ")...)
		fmt.Fprintf(&got, "$ berthctl %s\n%s%s[%d]\n\n", line, clock.ReplaceAllString(o.out, "CLOCK"), o.err, o.status)
	}
	golden(t, "topbatch", got.String())
}

// TestTopUsage: a command line of top that makes no sense, or needs a terminal, is an error, and its help has the
// options.
func TestTopUsage(t *testing.T) {
	t.Parallel()
	goldenLines(t, "top", []string{
		"top", "top x", "top --columns colour", "top --sort colour", "top --batch -d 0", "top -d x", "top --delay 1e9", "top -n 2", "top -b -n x", "help top",
	})
	for line, want := range map[string]string{"top --columns |": strings.Join(top.ColumnNames(), " "), "top --sort |": strings.Join(top.ColumnNames(), " "), "top |": ""} {
		if got := completed(t, line); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// watched is a berthd that remembers which figures it was asked for.
type watched struct {
	*fake
	filters []client.StatsFilter
}

func (w *watched) AllStats(ctx context.Context, f client.StatsFilter) ([]client.ContainerStats, error) {
	w.filters = append(w.filters, f)
	return w.fake.AllStats(ctx, f)
}

// TestTopAsksForWhatItShows: each look is one call, for the figures of the columns that are shown.
func TestTopAsksForWhatItShows(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]figures.Figure{
		"top -b -n 2":                                {figures.CPUUsageUSec, figures.MemoryCurrent, figures.IOReadBytes, figures.IOWriteBytes, figures.TasksCurrent, figures.NetReceiveBytes, figures.NetTransmitBytes},
		"top -b -n 2 --columns name":                 {figures.CPUUsageUSec, figures.MemoryCurrent},
		"top -b -n 2 --columns name --sort read-ops": {figures.CPUUsageUSec, figures.MemoryCurrent, figures.IOReadOperations},
		"top -b -n 2 --columns throttled,limit,swap": {
			figures.CPUUsageUSec, figures.CPUThrottledUSec, figures.MemoryCurrent, figures.MemoryMax, figures.MemorySwapCurrent,
		},
	} {
		w := &watched{fake: fleet()}
		cfg := config(w.fake)
		cfg.Connect = func(context.Context) (Daemon, error) { return w, nil }
		runWith(t.Context(), cfg, strings.Split(line, " ")...)
		if diff := cmp.Diff([]client.StatsFilter{{Figures: want}, {Figures: want}, {Figures: want}}, w.filters); diff != "" {
			t.Errorf("%s, want (-), got (+):\n%s", line, diff)
		}
		if diff := cmp.Diff([]string{"NodeInfo", "AllStats", "AllStats", "AllStats"}, w.calls); diff != "" || w.closed != 1 {
			t.Errorf("%s: closed %d times; calls, want (-), got (+):\n%s", line, w.closed, diff)
		}
	}
}

// TestTopWithoutDaemon: batch output ends with the error of a look that fails.
func TestTopWithoutDaemon(t *testing.T) {
	t.Parallel()
	f := fleet()
	f.errs["AllStats"] = &client.Error{Name: contract.ErrorNoReply, Message: "no reply"}
	if o := run(t, f, "top", "-b"); o.status != 1 || !strings.HasPrefix(o.err, "error: berthd ended before it answered") {
		t.Errorf("got %+v", o)
	}
}

// TestTopWithoutBus: without a message bus, top is an error as any command.
func TestTopWithoutBus(t *testing.T) {
	t.Parallel()
	cfg := config(fleet())
	cfg.Connect = func(context.Context) (Daemon, error) { return (*client.Client)(nil), client.ErrConnect }
	want := outcome{err: "error: connect to the system bus; is this host's D-Bus system bus running?\n", status: 1}
	if o := runWith(t.Context(), cfg, "top", "-b"); o != want {
		t.Errorf("got %+v", o)
	}
}

// TestTopConnectsAgain: after a lost connection to the bus, the next look makes another one.
func TestTopConnectsAgain(t *testing.T) {
	t.Parallel()
	f, connections := fleet(), 0
	cfg := config(f)
	cfg.Connect = func(context.Context) (Daemon, error) { connections++; return f, nil }
	w := &watcher{app: &app{Config: cfg, escape: defaultEscape}}
	f.errs["AllStats"] = client.ErrLost
	if _, err := w.look(t.Context(), 1, ""); err == nil {
		t.Error("no error")
	}
	f.errs["AllStats"] = nil
	l, err := w.look(t.Context(), 1, "")
	if err != nil || connections != 2 || f.closed != 1 || len(l.Containers) != 4 {
		t.Errorf("%v, %d connections, %d closed, %d containers", err, connections, f.closed, len(l.Containers))
	}
}
