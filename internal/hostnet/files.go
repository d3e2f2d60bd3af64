package hostnet

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/berthd/berth/internal/netxml"
)

// Serve writes the files of a network, and has systemd-networkd and systemd-resolved read them. It starts
// systemd-networkd if it does not run. A file that is there already is not read again.
func (h *Host) Serve(ctx context.Context, p *netxml.Plan) error {
	if p.Serve != nil {
		changed, err := put(h.NetworkFiles, p.Serve)
		if err != nil {
			return err
		}
		if err := h.reload(ctx, changed); err != nil {
			return err
		}
	}
	if p.Resolver == nil {
		return nil
	}
	changed, err := put(h.ResolverFiles, p.Resolver)
	if err != nil || !changed {
		return err
	}
	return h.Services.RestartService(ctx, resolverService)
}

// reload has systemd-networkd read its files, or starts it.
func (h *Host) reload(ctx context.Context, changed bool) error {
	running, err := h.runs(ctx, BusName)
	switch {
	case err != nil:
		return err
	case !running:
		if err := h.Services.StartService(ctx, networkdService); err != nil {
			return fmt.Errorf("the network needs systemd-networkd for DHCP and router advertisements, see \"systemctl status %s\": %w", networkdService, err)
		}
		return nil
	case !changed:
		return nil
	}
	if err := h.Networkd.Call(ctx, busPath, manager+"Reload").Err; err != nil {
		return fmt.Errorf("systemd-networkd reads its files: %w", err)
	}
	return nil
}

// Unserve removes the files of a network, and has the services forget them.
func (h *Host) Unserve(ctx context.Context, p *netxml.Plan) error {
	var faults []error
	if p.Serve != nil {
		gone, err := remove(h.NetworkFiles, p.Serve)
		faults = append(faults, err)
		running, err := h.runs(ctx, BusName)
		if gone && running {
			err = h.reload(ctx, true)
		}
		faults = append(faults, err)
	}
	if p.Resolver != nil {
		gone, err := remove(h.ResolverFiles, p.Resolver)
		faults = append(faults, err)
		if gone {
			faults = append(faults, h.Services.RestartService(ctx, resolverService))
		}
	}
	return errors.Join(faults...)
}

// put writes a file, and reports whether that changed it. The services read as other users, so everybody may.
func put(dir string, f *netxml.File) (changed bool, err error) {
	name := filepath.Join(dir, f.Name)
	if now, err := os.ReadFile(name); err == nil && string(now) == f.Text {
		return false, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false, err
	}
	half := filepath.Join(dir, "."+f.Name+".new") // the services read NAME.network and NAME.conf only
	if err := os.WriteFile(half, []byte(f.Text), 0o644); err != nil {
		return false, errors.Join(err, os.Remove(half))
	}
	return true, os.Rename(half, name)
}

// remove removes a file, and what an earlier daemon has half written.
func remove(dir string, f *netxml.File) (gone bool, err error) {
	_ = os.Remove(filepath.Join(dir, "."+f.Name+".new"))
	err = os.Remove(filepath.Join(dir, f.Name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
