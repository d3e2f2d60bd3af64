// Berthd is Berth's daemon: the system bus service org.berth1. See berthd(8).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/berthd/berth/dbusapi"
	"github.com/berthd/berth/internal/config"
	"github.com/berthd/berth/internal/journal"
	"github.com/berthd/berth/internal/listenfds"
)

// Set by the linker.
var (
	version    = "devel"
	supervisor = "/usr/libexec/berth/berth-supervisor"
	// shippedNetworks has the networks that come with Berth.
	shippedNetworks = "/usr/share/berth/networks"
)

// drainTime is how long the calls in flight may take after the daemon is told to end.
const drainTime = 30 * time.Second

func main() {
	p := paths{}
	showVersion := flag.Bool("version", false, "print the version and exit")
	flag.StringVar(&p.config, "config", "/etc/berth/berth.conf", "configuration `file`")
	flag.StringVar(&p.definitions, "definitions", "/etc/berth/containers", "`directory` of the stored definitions")
	flag.StringVar(&p.runs, "runtime", "/run/berth", "`directory` of the live state, on a tmpfs")
	flag.StringVar(&p.labels, "labels", "/var/lib/berth/labels", "`directory` of the labels that files have to get back")
	flag.StringVar(&p.supervisor, "supervisor", supervisor, "`program` that stays beside each container")
	flag.StringVar(&p.networks.Own, "networks", "/etc/berth/networks", "`directory` of the stored networks")
	flag.StringVar(&p.networks.Shipped, "shipped-networks", shippedNetworks, "`directory` of the networks that come with Berth")
	flag.Parse()
	if *showVersion {
		fmt.Println("berthd", version)
		return
	}
	out := journal.New()
	log := slog.New(out)
	sockets, err := listenfds.Passed(metricsSocket, libvirtSocket, libvirtReadOnlySocket)
	if err != nil {
		log.Error("a socket is not served", "err", err)
	}
	cfg := config.Read(p.config, log)
	out.SetLeast(cfg.LogLevel)
	if err := run(p, cfg, out, sockets, log); err != nil {
		log.Error("berthd", "err", err)
		os.Exit(1)
	}
}

// run serves until the daemon is told to end, has been idle for long enough, or loses the bus.
func run(p paths, cfg config.Config, out *journal.Handler, sockets map[string]net.Listener, log *slog.Logger) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	d, err := assemble(ctx, p, cfg, log)
	if err != nil {
		return err
	}
	defer d.close()
	if cfg.FavorDynMods { // before the first call is served
		favorDynMods(log)
	}
	server, err := dbusapi.New(ctx, dbusapi.Config{
		Core: d.service, Networks: d.networks, Signals: d.signals, Access: d.access, Callers: d.users, Bus: d.client.BusObject(),
		Backlogs: dbusapi.NewStats(d.client.Conn),
		Log:      log, Logs: out, Version: version, Own: d.client.Names()[0],
	})
	if err != nil {
		return err
	}
	// The ends of runs that ended without a daemon are announced now: the daemon owns its bus name, so
	// listeners hear them.
	d.announce()
	notify("READY=1")
	go reportStatus(ctx, d.changed, d.service.Counts, notify)
	d.serveMetrics(ctx, sockets[metricsSocket], log)
	clients, err := d.serveLibvirt(ctx, sockets, log)
	if err != nil {
		return err
	}
	watchdog(ctx, lives(d.client, d.service), log)
	// It ends with the connection to systemd, without which each start fails: the next berthd has that to do.
	autostart, stopAutostart := context.WithCancel(d.client.Context())
	defer stopAutostart()
	defer context.AfterFunc(ctx, stopAutostart)()
	started := make(chan struct{})
	go func() {
		defer close(started)
		d.service.Autostart(autostart)
	}()

	lost := false
	select {
	case <-ctx.Done():
	case <-idle(ctx, fronts{server, clients}, d.service.Busy, d.activity, cfg.IdleTimeout, newMemory().worked):
	case <-server.Lost():
		lost = true
	case <-d.client.Context().Done(): // systemd and machined cannot be reached any more
		lost = true
	}
	notify("STOPPING=1")
	stopAutostart()
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	err = errors.Join(server.Close(drain), clients.close(drain))
	select { // a start that goes on is finished
	case <-started:
	case <-drain.Done():
	}
	if lost {
		return fmt.Errorf("the system bus connection was lost")
	}
	return err
}
