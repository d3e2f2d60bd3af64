package moving

import (
	"context"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/netxml"
)

// unanswered returns the step that undoes a call that failed. Only of an interrupted one may berthd have done all the
// same.
func unanswered(ctx context.Context, back step) []step {
	if ctx.Err() == nil {
		return nil
	}
	return []step{back}
}

// unlessDefined handles a definition whose answer did not come: berthd may have stored it all the same. What somebody
// else has defined meanwhile stays.
func (i *Item) unlessDefined(ctx context.Context, d Daemon, err error) ([]step, error) {
	return unanswered(ctx, func(ctx context.Context) error {
		k, err := look(ctx, d)
		if err != nil {
			return err
		}
		def, err := parseDomain(i.xml)
		if err != nil {
			return err
		}
		now := Item{Name: i.Name, Verdict: New}
		if err := now.compare(ctx, d, k, Options{}, def); err != nil || now.Verdict != Same {
			return err
		}
		return d.Undefine(ctx, now.path)
	}), err
}

// unlessRedefined takes a definition back if berthd has this one now.
func (i *Item) unlessRedefined(d Daemon, back step) step {
	return func(ctx context.Context) error {
		stored, err := d.XML(ctx, i.path, client.Inactive)
		if err != nil {
			return err
		}
		now, err := parseDomain(stored)
		if err != nil {
			return err
		}
		def, err := parseDomain(i.xml)
		if err != nil {
			return err
		}
		is, err := now.Format(domain.FormatOptions{})
		if err != nil {
			return err
		}
		wanted, err := complete(def, now).Format(domain.FormatOptions{})
		if err != nil || is != wanted {
			return err
		}
		return back(ctx)
	}
}

// unlessNetworkDefined takes a network back if berthd has this one now.
func (i *Item) unlessNetworkDefined(d Daemon, back step) step {
	return func(ctx context.Context) error {
		k, err := look(ctx, d)
		if err != nil {
			return err
		}
		if k.networks[i.Name].Origin != "berth" {
			return nil
		}
		stored, err := d.NetworkXML(ctx, i.Name, client.Inactive)
		if err != nil {
			return err
		}
		now, err := parseNetwork(stored)
		if err != nil {
			return err
		}
		def, err := parseNetwork(i.xml)
		if err != nil {
			return err
		}
		is, err := now.Format()
		if err != nil {
			return err
		}
		wanted, err := def.Complete(netxml.Chosen{UUID: now.UUID, Bridge: now.Bridge}).Format()
		if err != nil || is != wanted {
			return err
		}
		return back(ctx)
	}
}
