package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"

	"github.com/berthd/berth/internal/exporter"
	"github.com/berthd/berth/internal/figures"
	"github.com/berthd/berth/internal/metrics"
	"github.com/berthd/berth/service"
)

// metricsSocket is the name under which systemd passes the socket of berth-metrics.socket.
const metricsSocket = "metrics"

// serveMetrics serves the metrics on a socket until ctx ends, and does nothing without one. Each scrape counts as
// activity: a daemon that somebody watches stays.
func (d *parts) serveMetrics(ctx context.Context, socket net.Listener, log *slog.Logger) {
	if socket == nil {
		return
	}
	page := exporter.Page{Log: log, Make: func(accept string) (string, func(io.Writer) error, error) {
		select {
		case d.activity <- struct{}{}:
		default:
		}
		return d.scrape(formatFor(accept))
	}}
	go func() {
		if err := page.Serve(ctx, socket); err != nil {
			log.Error("metrics are not served any more", "err", err)
		}
	}()
}

// formatFor returns the format for a client. Prometheus asks for OpenMetrics, and takes its own format too.
func formatFor(accept string) metrics.Format {
	if strings.Contains(accept, "application/openmetrics-text") {
		return metrics.OpenMetrics
	}
	return metrics.Text
}

// scrape reads the figures of all containers, and returns the media type and what writes the text.
func (d *parts) scrape(format metrics.Format) (string, func(io.Writer) error, error) {
	stats, err := d.service.AllStats(figures.Of(figures.All), func(*service.Snapshot) bool { return true })
	if err != nil {
		return "", nil, err
	}
	about := metrics.Daemon{Version: version, GoVersion: runtime.Version(), Stops: stopReasons()}
	counts := map[service.State]int{}
	list := make([]metrics.Container, len(stats))
	total, each := d.tally.sums(stats)
	about.Totals = total
	for i := range stats {
		s := &stats[i]
		counts[s.State]++
		list[i] = metrics.Container{
			Name: s.Name, UUID: s.UUID.String(), Machine: s.MachineName, State: string(s.State), Persistent: s.Persistent,
			Lives: each[i], Figures: &s.Figures,
		}
	}
	for _, st := range service.States() {
		about.States = append(about.States, metrics.Count{State: string(st), N: counts[st]})
	}
	return format.ContentType(), func(w io.Writer) error { return metrics.Write(w, format, about, list) }, nil
}
