// Berthctl controls Berth's containers over D-Bus, with virsh's commands.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/cli"
	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/doctor"
)

// Set by the linker.
var version = "devel"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, cli.Config{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Getenv:      os.Getenv,
		Terminal:    isTerminal(os.Stderr),
		Asks:        isTerminal(os.Stderr) && isTerminal(os.Stdin),
		Root:        os.Geteuid() == 0,
		Agent:       isTerminal(os.Stdin) && os.Geteuid() != 0,
		Version:     version,
		Connect:     func(ctx context.Context) (cli.Daemon, error) { return client.Connect(ctx) },
		Examine:     examine,
		CheckSchema: cli.CheckSchema(cli.LibvirtSchema),
		OutTerminal: isTerminal(os.Stdout),
		ConnectHost: func(ctx context.Context, host string) (cli.Daemon, error) {
			return client.ConnectHost(ctx, host)
		},
	}, os.Args[1:])
	stop()
	os.Exit(code)
}

// examine checks this host for berthctl doctor.
func examine(ctx context.Context) []doctor.Finding {
	h, err := client.LookAtHost(ctx)
	return doctor.Examine(doctor.Here(doctor.Bus{Err: err, Running: h.Running, Activatable: h.Activatable, Systemd: h.Systemd}))
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
