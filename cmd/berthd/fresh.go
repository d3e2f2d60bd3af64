package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/berthd/berth/internal/host"
	"github.com/berthd/berth/internal/launch"
	"github.com/berthd/berth/internal/linux/inherit"
	"github.com/berthd/berth/internal/plan"
	"github.com/berthd/berth/units"
)

// inherited keeps berthd's limits and scheduling away from containers, and warns of what they inherit all the same.
// It returns the limits of a container.
func inherited(ctx context.Context, systemd *units.Client, supervisors *launch.Supervisors, log *slog.Logger) []plan.Limit {
	limits, err := startFresh(ctx, systemd, supervisors)
	if err != nil {
		log.Warn("containers begin with some limits or scheduling of berthd", "err", err)
	}
	if kept, err := host.Kept(); err != nil || len(kept) > 0 {
		log.Warn("containers inherit what the unit of berthd sets and no process gets rid of", "has", strings.Join(kept, "; "), "err", err)
	}
	return limits
}

// startFresh lets containers begin as a service of this host begins, whatever berthd's own unit says. It returns
// the limits of a container. An error says what containers inherit from berthd all the same.
func startFresh(ctx context.Context, systemd *units.Client, supervisors *launch.Supervisors) ([]plan.Limit, error) {
	defaults, err := systemd.Defaults(ctx, inherit.Names())
	if err != nil {
		return nil, err
	}
	var limits []plan.Limit
	for _, name := range inherit.Names() {
		l := defaults.Limits[name]
		limits = append(limits, plan.Limit{Name: name, Soft: l.Soft, Hard: l.Hard})
	}
	settings, err := host.Settings(defaults.OOMScoreAdjust)
	if err != nil {
		return limits, err
	}
	thread, err := host.Thread(defaults.TimerSlack)
	return limits, errors.Join(err, supervisors.Apart(thread, settings))
}
