package peers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// callers is the largest number of concurrent callers. A peer with connections opens as many.
const callers = 8

// libvirt is libvirtd's LXC driver, driven by calls on open connections.
type libvirt struct {
	roots  Roots
	shells *shells
}

func (l *libvirt) Prepare(ctx context.Context, count int) (About, error) {
	note, err := StartLibvirtd(ctx, l.roots)
	if err != nil {
		return About{}, err
	}
	version, err := defineAll(ctx, l.roots, count)
	if err != nil {
		return About{}, err
	}
	l.shells = newShells(callers)
	if err := l.shells.open(); err != nil {
		return About{}, err
	}
	return About{
		Version:  version,
		Note:     "a virsh shell that is already connected; registered" + note,
		Programs: []string{"libvirt_lxc", "libvirtd"},
	}, nil
}

func (l *libvirt) Start(ctx context.Context, id int) error {
	return l.shells.do(ctx, "start "+name(id))
}

func (l *libvirt) Stop(ctx context.Context, id int) error {
	return l.shells.do(ctx, "destroy "+name(id))
}

func (l *libvirt) Explain(id int) string { return tail("/var/log/libvirt/lxc/" + name(id) + ".log") }

func (l *libvirt) Close() error {
	if l.shells == nil {
		return nil
	}
	return l.shells.Close()
}

// virsh is libvirt, driven by a virsh process for each call, as in a script.
type virsh struct{ roots Roots }

func (v *virsh) Prepare(ctx context.Context, count int) (About, error) {
	note, err := StartLibvirtd(ctx, v.roots)
	if err != nil {
		return About{}, err
	}
	version, err := defineAll(ctx, v.roots, count)
	return About{Version: version, Note: "a virsh process for each call" + note}, err
}

func (v *virsh) log(id int) string {
	return filepath.Join(v.roots.Work("libvirt"), strconv.Itoa(id)+".log")
}

func (v *virsh) Start(ctx context.Context, id int) error {
	return logged(ctx, v.log(id), "virsh", "-c", "lxc:///", "start", name(id))
}

func (v *virsh) Stop(ctx context.Context, id int) error {
	return logged(ctx, v.log(id), "virsh", "-c", "lxc:///", "destroy", name(id))
}

func (v *virsh) Explain(id int) string { return tail(v.log(id)) }

func (v *virsh) Close() error { return nil }

// defineAll defines the containers in libvirtd, for both of libvirt's peers. It returns libvirtd's
// version.
func defineAll(ctx context.Context, roots Roots, count int) (string, error) {
	dir := roots.Work("libvirt")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	s, err := newShell()
	if err != nil {
		return "", err
	}
	for id := range count {
		path := filepath.Join(dir, name(id)+".xml")
		if err := os.WriteFile(path, []byte(domainXML(name(id), roots.Root(id), "", "")), 0o600); err != nil {
			return "", errors.Join(err, s.Close())
		}
		// libvirt refuses to define an existing name again without its uuid. The other peer may have
		// defined it.
		if err := s.Do("define " + path); err != nil && !strings.Contains(err.Error(), "already exists") {
			return "", errors.Join(err, s.Close())
		}
	}
	version, err := run(ctx, "libvirtd", "--version")
	if err != nil {
		return "", errors.Join(err, s.Close())
	}
	return strings.Replace(strings.TrimSpace(version), "libvirtd (libvirt)", "libvirt", 1), s.Close()
}

// StartLibvirtd prepares a nest so that the LXC driver can start containers, and starts libvirtd. It
// returns a note about the changes.
func StartLibvirtd(ctx context.Context, roots Roots) (string, error) {
	if _, err := run(ctx, "systemctl", "is-active", "libvirtd.service"); err == nil {
		return "", nil
	}
	note, err := prepareCgroups(ctx, roots)
	if err != nil {
		return "", err
	}
	moved, err := onlyLXCDriver(filepath.Join(roots.State, "libvirt-drivers-off"))
	if err != nil {
		return "", err
	}
	if moved > 0 {
		note += "; libvirtd has only its lxc driver"
	}
	if _, err := run(ctx, "systemctl", "start", "libvirtd.service"); err != nil {
		return "", err
	}
	return note, nil
}

// onlyLXCDriver moves libvirtd's other drivers away, in the nest only. They would take memory, and the
// network driver also time at libvirtd's start. It returns how many drivers it moved.
func onlyLXCDriver(away string) (int, error) {
	drivers, err := filepath.Glob("/usr/lib/*/libvirt/connection-driver/*.so")
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(away, 0o700); err != nil {
		return 0, err
	}
	moved := 0
	for _, path := range drivers {
		if filepath.Base(path) == "libvirt_driver_lxc.so" {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return moved, err
		}
		// The directory is on another file system, so rename(2) would fail.
		if err := os.WriteFile(filepath.Join(away, filepath.Base(path)), text, 0o600); err != nil {
			return moved, fmt.Errorf("move %s: %w", path, err)
		}
		if err := os.Remove(path); err != nil {
			return moved, err
		}
		moved++
	}
	return moved, nil
}
