package virsh

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/test/bench/peers"
	"github.com/berthd/berth/test/bench/report"
)

// daemon is a service that answers clients of libvirt, and its containers: those that are listed, and one that runs.
type daemon struct {
	name   string // of the peer
	uri    string // of virsh
	socket string
	unit   string
	pid    int
	*client

	off, runs xdr.Domain
}

func daemons() []*daemon {
	return []*daemon{
		{name: report.Ours, uri: "lxc:///system", socket: "/run/libvirt/virtlxcd-sock", unit: "berthd.service"},
		// libvirt's library prefers Berth's socket where it is. The mode says libvirtd.
		{name: "libvirt", uri: "lxc:///system?mode=legacy", socket: "/run/libvirt/libvirt-sock", unit: "libvirtd.service"},
	}
}

// startServices makes both listen, as they would on a host that has both.
func startServices(ctx context.Context) error {
	if out, err := exec.CommandContext(ctx, "systemctl", "enable", "--now", "berth-libvirt.socket").CombinedOutput(); err != nil {
		return fmt.Errorf("enable berth-libvirt.socket: %w: %s", err, out)
	}
	roots := peers.Roots{State: "/run/bench"}
	if err := os.MkdirAll(roots.State, 0o700); err != nil {
		return err
	}
	if _, err := peers.StartLibvirtd(ctx, roots); err != nil {
		return fmt.Errorf("start libvirtd: %w", err)
	}
	return nil
}

// prepare connects to the daemon, whose socket listens, and defines the containers. The last one is started.
func (d *daemon) prepare(ctx context.Context, containers int) (err error) {
	if d.client, err = dial(ctx, d.socket, "lxc:///system"); err != nil {
		return err
	}
	for n := range containers {
		d.off = d.runs
		if d.runs, err = d.define(document(n)); err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("%s: container %d: %w", d.name, n, err)
		}
	}
	if err := d.start(d.runs); err != nil {
		return fmt.Errorf("%s: start: %w", d.name, err)
	}
	if err := d.check(); err != nil {
		return fmt.Errorf("%s: %w", d.name, err)
	}
	pid, err := exec.CommandContext(ctx, "systemctl", "show", "--value", "--property=MainPID", d.unit).Output()
	if err != nil {
		return fmt.Errorf("pid of %s: %w", d.unit, err)
	}
	if d.pid, err = strconv.Atoi(strings.TrimSpace(string(pid))); err == nil && d.pid == 0 {
		err = errors.New("it does not run")
	}
	if err != nil {
		return fmt.Errorf("pid of %s: %w", d.unit, err)
	}
	return nil
}

// check compares the figures of the containers with their definition.
func (d *daemon) check() error {
	for _, each := range []struct {
		domain xdr.Domain
		state  uint32
	}{{d.off, stateOff}, {d.runs, stateRunning}} {
		got, err := d.info(each.domain)
		if err != nil {
			return err
		}
		if got.state != each.state || got.maximum != memory || (each.state == stateRunning && got.nanoseconds == 0) {
			return fmt.Errorf("info of %s: %+v, not state %d and %d KiB", each.domain.Name, got, each.state, memory)
		}
	}
	return nil
}

func (d *daemon) close() error {
	if d.client == nil {
		return nil
	}
	return d.stream.Close()
}

const (
	memory       = 65536 // KiB
	stateRunning = 1     // VIR_DOMAIN_RUNNING
	stateOff     = 5     // VIR_DOMAIN_SHUTOFF
)

// document is the definition of a container on the host's root, the same for both.
func document(n int) string {
	return fmt.Sprintf(`<domain type="lxc">
  <name>c%04d</name>
  <memory>%d</memory>
  <os>
    <type>exe</type>
    <init>/bin/sleep</init>
    <initarg>infinity</initarg>
  </os>
  <devices>
    <console type="pty"/>
  </devices>
</domain>
`, n, memory)
}

// used returns how long a process has computed.
func used(pid int) (time.Duration, error) {
	// clock_getcpuclockid(3): the kernel's number of the clock of a whole process, CPUCLOCK_SCHED.
	const sched = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|sched), &t); err != nil {
		return 0, fmt.Errorf("cpu clock of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}
