package client

import (
	"context"
	"fmt"
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
)

// Signals are their signatures, as the contract has them.
func Signals() map[string]string {
	return map[string]string{Lifecycle: "ossta{sv}", OOMKill: "otta{sv}", DeviceAdded: "s", DeviceRemoved: "s", MetadataChanged: "ss", NetworkChanged: "ssa{sv}"}
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

// Watch tells what some signals say from now on, in their order. The channel is closed when the connection ends.
func (c *Client) Watch(ctx context.Context, names ...string) (<-chan Event, error) {
	signals := make(chan *dbus.Signal, 16)
	c.conn.Signal(signals)
	if err := c.conn.Follow(ctx, contract.BusName); err != nil {
		return nil, callError(ctx, err)
	}
	for _, name := range names {
		dot := strings.LastIndexByte(name, '.')
		err := c.conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(contract.BusName), dbus.WithMatchInterface(name[:dot]), dbus.WithMatchMember(name[dot+1:]))
		if err != nil {
			return nil, fmt.Errorf("subscribe to %s: %w", name, callError(ctx, err))
		}
	}
	out := make(chan Event)
	go func() {
		defer close(out)
		for s := range signals {
			e, ok := eventOf(s)
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
