package dbusapi

import (
	"context"

	"github.com/godbus/dbus/v5"
)

const statsName = "org.freedesktop.DBus.Debug.Stats"

// Backlogs tells what the bus holds of messages that were sent and are not read yet.
type Backlogs interface {
	// Unread returns what waits for a connection to read it. It returns an error if the bus does not tell.
	Unread(ctx context.Context, name string) (Backlog, error)
	// Unheard returns what a connection has sent that others have not read.
	Unheard(ctx context.Context, name string) (Backlog, error)
}

// Backlog is an amount of messages.
type Backlog struct{ Bytes, Files int }

func (b *Backlog) add(n Backlog) {
	b.Bytes += n.Bytes
	b.Files += n.Files
}

func (b Backlog) minus(n Backlog) Backlog { return Backlog{b.Bytes - n.Bytes, b.Files - n.Files} }

// less is minus that does not go below zero.
func (b Backlog) less(n Backlog) Backlog {
	return Backlog{max(b.Bytes-n.Bytes, 0), max(b.Files-n.Files, 0)}
}

func (b Backlog) exceeds(limit Backlog) bool { return b.Bytes > limit.Bytes || b.Files > limit.Files }

// Stats is the Backlogs of dbus-daemon, which tells root (Debug.Stats). Another bus has none: dbus-broker hangs up on
// who does not read.
type Stats struct{ bus dbus.BusObject }

// StatsReplies are the replies that a Stats gets, for bus.Options.
func StatsReplies() map[string]string {
	return map[string]string{statsName + ".GetConnectionStats": "a{sv}"}
}

// NewStats asks the bus of conn, which must be another connection than the server's: that one may be held up.
func NewStats(conn *dbus.Conn) *Stats { return &Stats{conn.BusObject()} }

// Unread implements Backlogs.
func (s *Stats) Unread(ctx context.Context, name string) (Backlog, error) {
	return s.ask(ctx, name, "OutgoingBytes", "OutgoingFDs")
}

// Unheard implements Backlogs.
func (s *Stats) Unheard(ctx context.Context, name string) (Backlog, error) {
	return s.ask(ctx, name, "IncomingBytes", "IncomingFDs")
}

func (s *Stats) ask(ctx context.Context, name, bytes, files string) (Backlog, error) {
	var all map[string]dbus.Variant
	err := s.bus.CallWithContext(ctx, statsName+".GetConnectionStats", 0, name).Store(&all)
	if err != nil {
		return Backlog{}, err
	}
	b, _ := all[bytes].Value().(uint32)
	f, _ := all[files].Value().(uint32)
	return Backlog{Bytes: int(b), Files: int(f)}, nil
}
