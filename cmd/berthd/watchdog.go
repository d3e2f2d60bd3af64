package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/service"
)

// ping is the method that proves that the daemon serves.
const ping = "org.freedesktop.DBus.Peer.Ping"

// watchdog tells systemd that the daemon lives, until ctx ends. It does nothing if the unit has no WatchdogSec=.
func watchdog(ctx context.Context, alive func(context.Context) error, log *slog.Logger) {
	interval, err := daemon.SdWatchdogEnabled(true)
	if err != nil {
		log.Warn("systemd does not watch berthd", "err", err)
	}
	if interval > 0 {
		go pulse(ctx, interval/2, alive, notify)
	}
}

// pulse asks for a proof of life every period, and passes each one on. It asks for one at a time: a daemon that does
// not answer is silent.
func pulse(ctx context.Context, period time.Duration, alive func(context.Context) error, tell func(state string)) {
	beat := time.NewTicker(period)
	defer beat.Stop()
	for {
		if alive(ctx) == nil {
			tell(daemon.SdNotifyWatchdog)
		}
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
	}
}

// lives returns a proof of life. It is an answer by way of the bus, as any client gets it, so that what reads calls,
// serves them and writes answers is all at work; and a look into the registry, which a deadlock there would hold up.
func lives(conn *bus.Conn, s *service.Service) func(context.Context) error {
	return func(ctx context.Context) error {
		err := conn.Object(contract.BusName, dbus.ObjectPath(contract.RootPath)).CallWithContext(ctx, ping, 0).Err
		if err == nil {
			s.Counts()
		}
		return err
	}
}
