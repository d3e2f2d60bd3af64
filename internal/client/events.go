package client

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// The signals that Watch reads.
const (
	Lifecycle       = contract.ManagerInterface + ".Lifecycle"
	OOMKill         = contract.ManagerInterface + ".OOMKill"
	DeviceAdded     = contract.ContainerInterface + ".DeviceAdded"
	DeviceRemoved   = contract.ContainerInterface + ".DeviceRemoved"
	MetadataChanged = contract.ContainerInterface + ".MetadataChanged"
	NetworkChanged  = contract.NetworksInterface + ".NetworkChanged"

	relayed = contract.WatchInterface + ".Relayed"
	lost    = contract.WatchInterface + ".Lost"
)

// Signals are their signatures, as the contract has them.
func Signals() map[string]string {
	return map[string]string{
		Lifecycle: "ossta{sv}", OOMKill: "otta{sv}", DeviceAdded: "s", DeviceRemoved: "s", MetadataChanged: "ss", NetworkChanged: "ssa{sv}",
		relayed: "ossav", lost: "",
	}
}

// Event is something that happened to a container or to a network.
type Event struct {
	Signal string
	Path   Path   // of the container
	Name   string // "" if the signal does not tell
	UUID   string
	Kind   string // of Lifecycle and NetworkChanged: the event; of MetadataChanged: the kind
	Detail string // of Lifecycle; of DeviceAdded and DeviceRemoved, the device's alias; of MetadataChanged, the namespace
	Kills  uint64 // of OOMKill
}

// Watch tells what some signals say from now on, in their order. The channel is closed when the connection ends. Root
// hears the signals themselves, and others hear those that they may, relayed.
func (c *Client) Watch(ctx context.Context, names ...string) (<-chan Event, error) {
	signals := make(chan *dbus.Signal, 16)
	c.conn.Signal(signals)
	if err := c.conn.Follow(ctx, contract.BusName); err != nil {
		return nil, callError(ctx, err)
	}
	uid := uint32(0)
	err := c.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetConnectionUnixUser", 0, c.conn.Names()[0]).Store(&uid)
	if err != nil {
		return nil, fmt.Errorf("ask the bus who we are: %w", callError(ctx, err))
	}
	w := &watch{Client: c, names: names, relays: uid != 0}
	if w.relays {
		err = c.Subscribe(ctx)
	} else {
		err = c.match(ctx, names)
	}
	if err != nil {
		return nil, err
	}
	out := make(chan Event)
	go func() {
		defer close(out)
		for s := range signals {
			e, ok := w.hear(ctx, s)
			if !ok {
				continue
			}
			select {
			case out <- e:
			case <-ctx.Done():
			}
		}
	}()
	return out, nil
}

func (c *Client) match(ctx context.Context, names []string) error {
	for _, name := range names {
		dot := strings.LastIndexByte(name, '.')
		err := c.conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(contract.BusName), dbus.WithMatchInterface(name[:dot]), dbus.WithMatchMember(name[dot+1:]))
		if err != nil {
			return fmt.Errorf("subscribe to %s: %w", name, callError(ctx, err))
		}
	}
	return nil
}

// watch is one use of Watch.
type watch struct {
	*Client
	names  []string
	relays bool
}

// hear reads a signal. ok is false if it is none of those that are wanted. It subscribes again when a subscription has
// ended.
func (w *watch) hear(ctx context.Context, s *dbus.Signal) (e Event, ok bool) {
	var name, before, after string
	switch {
	case !w.relays:
	case s.Name == lost:
		_ = w.Subscribe(ctx) // without berthd there is nothing to hear, and the next one is told of
	case s.Name == "org.freedesktop.DBus.NameOwnerChanged":
		if dbus.Store(s.Body, &name, &before, &after) == nil && name == contract.BusName && after != "" {
			_ = w.Subscribe(ctx)
		}
	case s.Name == relayed:
		s = unpacked(s)
	}
	if !slices.Contains(w.names, s.Name) {
		return Event{}, false
	}
	return eventOf(s)
}

// unpacked returns the signal that a relayed one has.
func unpacked(s *dbus.Signal) *dbus.Signal {
	var path Path
	var iface, member string
	var arguments []dbus.Variant
	if dbus.Store(s.Body, &path, &iface, &member, &arguments) != nil {
		return s
	}
	in := &dbus.Signal{Sender: s.Sender, Path: path, Name: iface + "." + member}
	for _, a := range arguments {
		in.Body = append(in.Body, a.Value())
	}
	return in
}

// eventOf reads a signal. ok is false for one of the bus itself.
func eventOf(s *dbus.Signal) (e Event, ok bool) {
	var seq uint64
	details := map[string]dbus.Variant{}
	var err error
	e.Signal = s.Name
	switch s.Name {
	case Lifecycle:
		err = dbus.Store(s.Body, &e.Path, &e.Kind, &e.Detail, &seq, &details)
	case OOMKill:
		err = dbus.Store(s.Body, &e.Path, &e.Kills, &seq, &details)
	case DeviceAdded, DeviceRemoved:
		e.Path = s.Path
		err = dbus.Store(s.Body, &e.Detail)
	case MetadataChanged:
		e.Path = s.Path
		err = dbus.Store(s.Body, &e.Kind, &e.Detail)
	case NetworkChanged:
		err = dbus.Store(s.Body, &e.Name, &e.Kind, &details)
	default:
		return Event{}, false
	}
	if err == nil {
		err = storeAll(details, map[string]any{"name": &e.Name, "uuid": &e.UUID})
	}
	return e, err == nil
}
