package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/test/bench/proto"
)

// settle is how long profile waits for late signals after a start.
const settle = 50 * time.Millisecond

// seen is a signal and the time at which it arrived.
type seen struct {
	signal *dbus.Signal
	at     time.Duration
}

// profile starts one container and returns when each step was seen from outside: the signals of
// systemd, machined and Berth, init's first instruction and the return of the call. It needs no support
// by the peer. But sending signals costs systemd time, so these starts are not in the other tables.
func (a *Agent) profile(ctx context.Context, peer prepared, request proto.Request) (proto.Reply, error) {
	if len(request.IDs) != 1 {
		return proto.Reply{}, fmt.Errorf("profile of %d containers: must be one", len(request.IDs))
	}
	ctx, cancel := context.WithTimeout(ctx, opTimeout)
	defer cancel()
	conn, err := subscribe(ctx)
	if err != nil {
		return proto.Reply{}, err
	}
	signals := make(chan *dbus.Signal, 256)
	collected := make(chan []seen)
	conn.Signal(signals)
	go collect(signals, collected)

	called, err := now()
	if err != nil {
		return proto.Reply{}, errors.Join(err, conn.Close())
	}
	reply, err := a.start(ctx, peer, proto.Request{IDs: request.IDs, Callers: 1})
	if err == nil {
		select {
		case <-time.After(settle):
		case <-ctx.Done():
		}
	}
	// Closing the connection closes the channel, which ends collect.
	err = errors.Join(err, conn.Close())
	events := <-collected
	if err != nil {
		return reply, err
	}
	reply.Marks = append(marks(events, called), proto.Mark{What: "init executed", At: reply.Timings[0].Exec})
	if back := reply.Timings[0].Returned; back > 0 {
		reply.Marks = append(reply.Marks, proto.Mark{What: "call returned", At: back})
	}
	return reply, nil
}

// subscribe opens a new connection, and subscribes to the signals that a start causes.
func subscribe(ctx context.Context) (*dbus.Conn, error) {
	conn, err := dbus.ConnectSystemBus()
	if err != nil {
		return nil, fmt.Errorf("connect to the system bus: %w", err)
	}
	for _, each := range []string{
		"org.freedesktop.systemd1.Manager", "org.freedesktop.machine1.Manager", "org.berth1.Manager",
	} {
		if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface(each)); err != nil {
			return nil, errors.Join(fmt.Errorf("match %s: %w", each, err), conn.Close())
		}
	}
	systemd := conn.Object("org.freedesktop.systemd1", "/org/freedesktop/systemd1")
	if err := systemd.CallWithContext(ctx, "org.freedesktop.systemd1.Manager.Subscribe", 0).Err; err != nil {
		return nil, errors.Join(fmt.Errorf("subscribe to systemd: %w", err), conn.Close())
	}
	return conn, nil
}

func collect(signals <-chan *dbus.Signal, collected chan<- []seen) {
	var events []seen
	for signal := range signals {
		at, err := now()
		if err != nil {
			break
		}
		events = append(events, seen{signal, at})
	}
	collected <- events
}

// marks returns the first signal of each kind that is about a container.
func marks(events []seen, called time.Duration) []proto.Mark {
	var found []proto.Mark
	had := make(map[string]bool)
	for _, event := range events {
		what := describe(event.signal)
		if what == "" || had[what] || event.at < called {
			continue
		}
		had[what] = true
		found = append(found, proto.Mark{What: what, At: millis(event.at - called)})
	}
	return found
}

// describe returns a name for a signal, or "" if the signal is not about a container's start.
func describe(signal *dbus.Signal) string {
	first := func(index int) string {
		if index < len(signal.Body) {
			text, _ := signal.Body[index].(string)
			return text
		}
		return ""
	}
	scope := func(unit string) bool {
		return strings.HasPrefix(unit, "machine-") && strings.HasSuffix(unit, ".scope")
	}
	switch signal.Name {
	case "org.freedesktop.systemd1.Manager.UnitNew":
		if scope(first(0)) {
			return "systemd knows the scope"
		}
	case "org.freedesktop.systemd1.Manager.JobRemoved":
		if scope(first(2)) {
			return "scope's job done"
		}
	case "org.freedesktop.machine1.Manager.MachineNew":
		return "registered with machined"
	case "org.berth1.Manager.Lifecycle":
		return "Lifecycle " + first(1)
	}
	return ""
}
