package main

import (
	"context"
	"log/slog"

	"github.com/berthd/berth/dbusapi"
	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/polkit"
	"github.com/berthd/berth/service"
)

// polkitCalls bounds the questions to polkit, of either kind. dbus-daemon lets a connection have 128 calls without an
// answer, and systemd's and machined's peers have the others.
const polkitCalls = 8

// authority adapts package polkit to the core.
type authority struct{ client *polkit.Client }

func (a authority) Decide(ctx context.Context, q service.Question, dialogue bool) (service.Verdict, error) {
	if q.Caller.BusName == "" && q.Caller.Peer == (service.Peer{}) {
		return service.Verdict{}, nil
	}
	process := polkit.Process{PID: q.Caller.Peer.PID, Start: q.Caller.Peer.Start, UID: q.Caller.UID}
	answer, err := a.client.Check(ctx, polkit.Question{BusName: q.Caller.BusName, Process: process, Action: q.Action, Details: q.Details(), Dialogue: dialogue})
	return service.Verdict{Allowed: answer.Allowed, Challenge: answer.Challenge, Lasting: err == nil && !answer.Temporary}, err
}

// rights assembles who may do what. Polkit need not be there.
func rights(ctx context.Context, conn *bus.Conn, log *slog.Logger) (*service.Access, *dbusapi.Users, error) {
	client := polkit.New(bus.NewPeerOf(conn.Conn, polkit.BusName, polkitCalls), bus.NewPeerOf(conn.Conn, polkit.BusName, polkitCalls))
	access := service.NewAccess(authority{client}, log)
	if err := polkit.Listen(ctx, conn.Conn, access.Changed); err != nil {
		return nil, nil, err
	}
	return access, dbusapi.NewUsers(conn.Conn, access.Forget), nil
}
