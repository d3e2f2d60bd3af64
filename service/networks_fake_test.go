package service

import (
	"context"
	"maps"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/netxml"
)

// fakeNetStore keeps everything in memory.
type fakeNetStore struct {
	stored    []StoredNetwork
	autostart map[string]bool
	notes     map[string]NetworkNote
	booted    bool
	full      bool // has no room for notes
}

func newFakeNetStore() *fakeNetStore {
	return &fakeNetStore{autostart: map[string]bool{}, notes: map[string]NetworkNote{}}
}

func (f *fakeNetStore) Load() ([]StoredNetwork, error) {
	var list []StoredNetwork
	seen := map[string]bool{}
	for _, s := range f.stored {
		if s.Autostart = f.autostart[s.Name]; !seen[s.Name] {
			list = append(list, s)
		}
		seen[s.Name] = true
	}
	return list, nil
}

func (f *fakeNetStore) Save(d *netxml.Def) error {
	_ = f.Remove(d.Name)
	f.stored = append([]StoredNetwork{{Name: d.Name, Origin: OriginOwn, Def: d}}, f.stored...)
	return nil
}

func (f *fakeNetStore) Remove(name string) error {
	f.stored = slices.DeleteFunc(f.stored, func(s StoredNetwork) bool { return s.Name == name && s.Origin == OriginOwn })
	return nil
}

func (f *fakeNetStore) SetAutostart(name string, on bool) error { f.autostart[name] = on; return nil }

func (f *fakeNetStore) Notes() ([]NetworkNote, error) {
	return slices.Collect(maps.Values(f.notes)), nil
}

func (f *fakeNetStore) SaveNote(n NetworkNote) error {
	if f.full {
		return unix.ENOSPC
	}
	f.notes[n.Name] = n
	return nil
}

func (f *fakeNetStore) DropNote(name string) error { delete(f.notes, name); return nil }

func (f *fakeNetStore) FirstAfterBoot() (bool, error) {
	first := !f.booted
	f.booted = true
	return first, nil
}

// netEvents remembers what an observer of networks is told.
type netEvents []string

func (e *netEvents) NetworkChanged(name string, _ domain.UUID, what NetworkEvent) {
	*e = append(*e, name+" "+string(what))
}

// fakeNetHost has the things of networks as names.
type fakeNetHost struct {
	things  map[string]bool
	links   []string // of others
	taken   []TakenNetwork
	fails   map[string]error
	filters int // how often a filter was made
	ways    map[string][]string
	watches []string
	removed func() // what Watch was given
	routes  func()
}

func newFakeNetHost() *fakeNetHost { return &fakeNetHost{things: map[string]bool{}} }

func (f *fakeNetHost) put(kind, name string) error {
	f.things[kind+" "+name] = true
	return f.fails["make "+kind]
}

func (f *fakeNetHost) drop(kind, name string) error {
	if err := f.fails["drop "+kind]; err != nil {
		return err
	}
	delete(f.things, kind+" "+name)
	return nil
}

func (f *fakeNetHost) Facts(context.Context) (NetworkFacts, error) {
	return NetworkFacts{Host: netxml.Host{IPv6: true}, Taken: f.taken}, nil
}

func (f *fakeNetHost) HasLink(name string) (bool, error) {
	return f.things["bridge "+name] || slices.Contains(f.links, name), nil
}

func (f *fakeNetHost) HasFilter(x *netxml.Filter) (bool, error) {
	return f.things["filter "+x.Table], nil
}

func (f *fakeNetHost) SetFilter(x *netxml.Filter) error {
	f.filters++
	return f.put("filter", x.Table)
}

func (f *fakeNetHost) SetWays(list []*netxml.Filter, routed []string) error {
	f.ways = map[string][]string{}
	for _, x := range list {
		if !f.things["filter "+x.Table] {
			return unix.ENOENT
		}
		f.ways[x.Bridge] = slices.Sorted(slices.Values(routed))
	}
	return nil
}

func (f *fakeNetHost) Watch(filter, routes func()) (func(), error) {
	f.removed, f.routes = filter, routes
	f.watches = append(f.watches, "watch")
	return func() { f.watches = append(f.watches, "stop") }, f.fails["watch"]
}

func (f *fakeNetHost) DropFilter(x *netxml.Filter) error { return f.drop("filter", x.Table) }
func (f *fakeNetHost) MakeBridge(p *netxml.Plan) error   { return f.put("bridge", p.Bridge) }
func (f *fakeNetHost) DropBridge(p *netxml.Plan) error   { return f.drop("bridge", p.Bridge) }

func (f *fakeNetHost) Serve(_ context.Context, p *netxml.Plan) error { return f.put("files", p.Bridge) }

func (f *fakeNetHost) Unserve(_ context.Context, p *netxml.Plan) error {
	return f.drop("files", p.Bridge)
}

func (f *fakeNetHost) Forward(*netxml.Plan) error { return f.fails["make forward"] }

func (f *fakeNetHost) Leases(context.Context, string) ([]NetworkLease, error) { return nil, nil }
