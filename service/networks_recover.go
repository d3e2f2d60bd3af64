package service

import (
	"context"

	"github.com/berthd/berth/internal/netxml"
)

// Recover goes on with the networks of an earlier daemon, removes what is left of those whose start or stop was cut
// off, and after a boot starts those with autostart. A network that makes trouble is logged, and keeps no other from
// its work.
func (n *Networks) Recover(ctx context.Context) error {
	end, err := n.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	notes, err := n.Store.Notes()
	if err != nil {
		return err
	}
	for _, note := range notes {
		if err := n.resume(ctx, note); err != nil {
			n.Log.Error("network of an earlier daemon", "network", note.Name, "err", err)
		}
	}
	n.setWays()
	first, err := n.Store.FirstAfterBoot()
	if err != nil || !first {
		return err
	}
	return n.autostart(ctx)
}

// resume goes on with one network. What others have removed of it meanwhile is made again.
func (n *Networks) resume(ctx context.Context, note NetworkNote) error {
	if note.State != NoteActive {
		return n.release(ctx, note)
	}
	d, err := netxml.ParseForeign([]byte(note.XML)) // a newer daemon may have written more
	if err != nil {
		return err
	}
	if note.Plan.Bridge == "" {
		n.setActive(d.Name, &liveNetwork{def: d})
		return nil
	}
	p := note.Plan
	n.setActive(d.Name, &liveNetwork{def: d, plan: &p})
	n.watch()
	if _, err := n.restoreFilter(&p); err != nil {
		return err
	}
	if err := n.Host.Serve(ctx, &p); err != nil {
		return err
	}
	return n.Host.MakeBridge(&p)
}

func (n *Networks) autostart(ctx context.Context) error {
	list, err := n.List()
	if err != nil {
		return err
	}
	for _, info := range list {
		if !info.Autostart || info.Active {
			continue
		}
		if err := n.start(ctx, info.Name); err != nil {
			n.Log.Error("network is not started", "network", info.Name, "err", err)
		}
	}
	return nil
}
