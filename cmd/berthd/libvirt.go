package main

import (
	"context"
	"log/slog"
	"net"
	"sync/atomic"

	"github.com/berthd/berth/dbusapi"
	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/events"
	"github.com/berthd/berth/internal/host"
	"github.com/berthd/berth/internal/remote"
	"github.com/berthd/berth/service"
)

// The names under which systemd passes the sockets of berth-libvirt.socket and berth-libvirt-ro.socket.
const (
	libvirtSocket         = "libvirt"
	libvirtReadOnlySocket = "libvirt-ro"
)

// listeners are the clients of libvirt's library, once somebody serves them. The zero value is ready.
type listeners struct{ server atomic.Pointer[remote.Server] }

func (l *listeners) changed(before, after *service.Snapshot, event *events.Event) {
	if s := l.server.Load(); s != nil {
		s.Changed(before, after, event)
	}
}

func (l *listeners) deviceChanged(u domain.UUID, alias string, added bool) {
	if s := l.server.Load(); s != nil {
		s.DeviceChanged(u, alias, added)
	}
}

func (l *listeners) metadataChanged(u domain.UUID, kind domain.MetadataKind, uri string) {
	if s := l.server.Load(); s != nil {
		s.MetadataChanged(u, kind, uri)
	}
}

func (l *listeners) close(ctx context.Context) error {
	if s := l.server.Load(); s != nil {
		return s.Close(ctx)
	}
	return nil
}

// serveLibvirt serves libvirt's protocol on the sockets that systemd has passed for it, and does nothing without one.
func (d *parts) serveLibvirt(ctx context.Context, sockets map[string]net.Listener, log *slog.Logger) (*listeners, error) {
	full, readOnly := sockets[libvirtSocket], sockets[libvirtReadOnlySocket]
	if full == nil && readOnly == nil {
		return &d.clients, nil
	}
	server, err := remote.New(ctx, remote.Config{Core: d.service, Access: d.access, Log: log, Account: host.NewIDs().Account, Ended: func() {
		select {
		case d.activity <- struct{}{}:
		default:
		}
	}})
	if err != nil {
		return nil, err
	}
	d.clients.server.Store(server)
	if full != nil {
		server.Serve(remote.Socket{Listener: full})
	}
	if readOnly != nil {
		server.Serve(remote.Socket{Listener: readOnly, ReadOnly: true})
	}
	return &d.clients, nil
}

// fronts are the bus server and the server of libvirt's protocol, for the question whether the daemon is idle. A client
// of libvirt keeps it as long as it is connected.
type fronts struct {
	*dbusapi.Server
	clients *listeners
}

// InFlight counts the calls of the one and the connections of the other.
func (f fronts) InFlight() int {
	n := f.Server.InFlight()
	if s := f.clients.server.Load(); s != nil {
		n += s.InFlight()
	}
	return n
}
