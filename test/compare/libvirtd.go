package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/berthd/berth/test/shell"
)

// crashed is the refusal of a document at which libvirtd ended.
const crashed = "libvirtd crashed"

// patience is for libvirtd's start and end.
const patience = 20 * time.Second

// libvirtd is libvirt's daemon and a virsh that is connected to it.
type libvirtd struct {
	*shell.Shell
	ended chan struct{}
}

// nestMark is a file that test/rig/nest-boot makes in each nest.
const nestMark = "/run/nest/id"

// inNest refuses a host that is no nest: what follows removes files of libvirt's, and stops its units.
func inNest(mark string) error {
	if _, err := os.Stat(mark); err != nil {
		return fmt.Errorf("-inside is for a nest of test/rig/nest only, and this is none: %w", err)
	}
	return nil
}

// prepareLibvirt leaves libvirtd the LXC driver alone: the others look for what the host does not have. If libvirt is
// installed on the machine, systemd has a libvirtd of its own, which is stopped.
func prepareLibvirt() error {
	if err := inNest(nestMark); err != nil {
		return err
	}
	drivers, err := filepath.Glob("/usr/lib/*/libvirt/connection-driver/*.so")
	if err != nil {
		return err
	}
	for _, file := range drivers {
		if filepath.Base(file) != "libvirt_driver_lxc.so" {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	out, err := exec.Command("systemctl", "list-units", "--plain", "--no-legend", "libvirtd*").Output()
	if err != nil {
		return fmt.Errorf("systemctl list-units: %w", err)
	}
	for line := range strings.Lines(string(out)) {
		unit, _, _ := strings.Cut(line, " ")
		if out, err := exec.Command("systemctl", "stop", unit).CombinedOutput(); err != nil {
			return fmt.Errorf("systemctl stop %s: %w: %s", unit, err, out)
		}
	}
	return nil
}

// startLibvirtd starts libvirtd, and virsh once it listens. The end of the host ends libvirtd.
func startLibvirtd() (*libvirtd, error) {
	cmd := exec.Command("libvirtd")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	d := &libvirtd{ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // that it ended says enough
		close(d.ended)
	}()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for deadline := time.After(patience); ; {
		var err error
		if d.Shell, err = shell.Open("virsh", "-c", "lxc:///"); err == nil {
			return d, nil
		}
		select {
		case <-again.C:
		case <-d.ended:
			return nil, fmt.Errorf("libvirtd ended at its start: %w", err)
		case <-deadline:
			return nil, err
		}
	}
}

// reply asks libvirt. Documents are known that end libvirtd: it returns another libvirtd then.
func (d *libvirtd) reply(name, file string) (reply, *libvirtd, error) {
	r, err := ask1(d.Shell, name, file)
	if err == nil && !strings.Contains(r.Refused, "Disconnected from") && !strings.Contains(r.Refused, "End of file while reading data") {
		return r, d, nil
	}
	select {
	case <-d.ended:
	case <-time.After(patience):
		return r, d, fmt.Errorf("%s: libvirt does not answer, and has not ended: %s: %w", name, r.Refused, err)
	}
	_ = d.Close() // of the connection that is lost
	d, err = startLibvirtd()
	return reply{Refused: crashed}, d, err
}
