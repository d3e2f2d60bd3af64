package peers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/godbus/dbus/v5"
)

// Figures makes one call, whose reply has all figures of all containers.
func (b *berth) Figures(ctx context.Context, ids []int) error { return b.look(ctx, ids, noOptions()) }

func (b *berth) look(ctx context.Context, ids []int, options map[string]dbus.Variant) error {
	call := b.conn.Object(berthName, berthRoot).CallWithContext(ctx, berthManager+".GetAllStats", 0, options)
	if call.Err != nil {
		return call.Err
	}
	if all, ok := call.Body[0].([][]any); !ok || len(all) < len(ids) {
		return fmt.Errorf("figures of %d containers, not %d", len(all), len(ids))
	}
	return nil
}

// Figures runs a program.
func (b *berthctl) Figures(ctx context.Context, _ []int) error {
	return logged(ctx, b.log(0), "berthctl", "domstats")
}

// Figures asks for each container: libvirt's driver for containers has no domstats, which asks for all.
func (l *libvirt) Figures(ctx context.Context, ids []int) error {
	for _, id := range ids {
		for _, command := range []string{"cpu-stats --total ", "dommemstat "} {
			if err := l.shells.do(ctx, command+name(id)); err != nil {
				return err
			}
		}
	}
	return nil
}

// cgtop is systemd-cgtop, which reads the figures of all control groups of the host, once.
type cgtop struct {
	bystander
	roots Roots
}

// bystander is the part of a peer that has no containers.
type bystander struct{}

var errNoContainers = errors.New("it has no containers")

func (c *cgtop) Prepare(ctx context.Context, _ int) (About, error) {
	version, err := run(ctx, "systemd-cgtop", "--version")
	if err != nil {
		return About{}, err
	}
	version, _, _ = strings.Cut(version, " (")
	return About{Version: version, Note: "systemd-cgtop -b -n 1, of all control groups while Berth's containers run"}, os.MkdirAll(c.roots.Work("cgtop"), 0o700)
}

func (bystander) Start(context.Context, int) error { return errNoContainers }
func (bystander) Stop(context.Context, int) error  { return errNoContainers }
func (bystander) Explain(int) string               { return errNoContainers.Error() }
func (bystander) Close() error                     { return nil }

func (c *cgtop) Figures(ctx context.Context, _ []int) error {
	return logged(ctx, filepath.Join(c.roots.Work("cgtop"), "log"), "systemd-cgtop", "--batch", "--iterations=1", "--raw")
}
