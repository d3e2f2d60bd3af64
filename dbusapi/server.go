package dbusapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
	"github.com/berthd/berth/service"
)

// ErrNameTaken says that another daemon owns the bus name.
var ErrNameTaken = errors.New("the name is taken")

// Config is what a Server is made of. All but Address, Bus and Own is required.
type Config struct {
	Address string // of the bus; "" is the system bus
	Core    core   // *service.Service, recovered
	// Networks is a *service.Networks, recovered.
	Networks networksCore
	Signals  *Signals
	Access   *service.Access
	Callers  Callers
	Backlogs Backlogs
	// Bus is the bus as another connection sees it, which strangers cannot fill: the server asks the bus there. nil is its
	// own.
	Bus     dbus.BusObject
	Log     *slog.Logger
	Logs    LogControl // of Log
	Version string
	// Own is the unique name of the daemon's own client, "" if it has none: its calls do not keep the daemon busy.
	Own string
}

func (c Config) check() error {
	switch {
	case c.Core == nil:
		return errors.New("no core")
	case c.Networks == nil:
		return errors.New("no networks")
	case c.Signals == nil:
		return errors.New("no signals")
	case c.Access == nil:
		return errors.New("no access")
	case c.Callers == nil:
		return errors.New("no callers")
	case c.Backlogs == nil:
		return errors.New("no backlogs")
	case c.Log == nil:
		return errors.New("no log")
	case c.Logs == nil:
		return errors.New("no control of the log")
	case c.Version == "":
		return errors.New("no version")
	}
	return nil
}

// Server serves Berth's objects on one bus connection.
type Server struct {
	core     core
	networks networksCore
	signals  *Signals
	access   *service.Access
	callers  Callers
	backlogs Backlogs
	bus      dbus.BusObject
	log      *slog.Logger
	logs     LogControl
	version  string
	contract interfaces
	ifaces   map[kind][]*iface
	inbound  *inbound

	ctx    context.Context //nolint:containedctx // what calls change outlives the caller, not the server
	cancel context.CancelFunc
	conn   *bus.Conn
	lost   chan struct{} // closed when conn is gone

	// released is closed when the name is given up. A call that waits for others ends then.
	released chan struct{}
	closing  sync.Once
	closed   error
}

// New connects, serves, and then takes the bus name: the other way round, the very call that
// activated the daemon would find no object. The service must have recovered before. ctx bounds
// only the connecting.
func New(ctx context.Context, cfg Config) (*Server, error) {
	s, err := newServer(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := s.open(ctx, cfg.Address); err != nil {
		return nil, err
	}
	return s, nil
}

func newServer(ctx context.Context, cfg Config) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("bus server: %w", err)
	}
	texts, err := loadContract()
	if err != nil {
		return nil, err
	}
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &Server{
		core: cfg.Core, networks: cfg.Networks, signals: cfg.Signals, access: cfg.Access, callers: cfg.Callers, backlogs: cfg.Backlogs,
		bus: cfg.Bus, log: cfg.Log, logs: cfg.Logs, version: cfg.Version,
		contract: texts, ifaces: ifaces(), ctx: base, cancel: cancel, released: make(chan struct{}), lost: make(chan struct{}),
	}
	s.inbound = newInbound(base, s.ifaces, s.core.Ticket, s.callers.UID)
	s.inbound.own = dbus.Sender(cfg.Own)
	return s, nil
}

// open connects to the bus and takes the name.
func (s *Server) open(ctx context.Context, address string) error {
	if err := s.connect(ctx, address); err != nil {
		s.cancel()
		return fmt.Errorf("connect to the bus: %w", err)
	}
	if s.bus == nil {
		s.bus = s.conn.BusObject()
	}
	if err := s.own(ctx); err != nil {
		s.cancel()
		_ = s.conn.Close()
		return fmt.Errorf("own %s: %w", contract.BusName, err)
	}
	if err := s.watchOwned(ctx); err != nil {
		s.cancel()
		_ = s.conn.Close()
		return fmt.Errorf("find the owners of containers: %w", err)
	}
	s.signals.seed(s.core.Active)
	s.signals.out.start(s.write)
	return nil
}

func (s *Server) connect(ctx context.Context, address string) (err error) {
	s.conn, err = bus.Connect(ctx, bus.Options{
		Address:     address,
		Calls:       s.inbound.expect,
		Serials:     &s.signals.serials,
		Descriptors: true,
		SendBuffer:  atOnce,
		Library: []dbus.ConnOption{
			dbus.WithHandler(handler{s}), dbus.WithSignalHandler(s.inbound), dbus.WithIncomingInterceptor(s.inbound.intercept),
		},
	})
	if err == nil {
		context.AfterFunc(s.conn.Context(), func() { close(s.lost) })
	}
	return err
}

// own subscribes to callers' leaving and takes the name.
func (s *Server) own(ctx context.Context) error {
	// Only connections that vanish have an empty third argument, so that those which come do not
	// wake an idle daemon.
	err := s.conn.AddMatchSignalContext(ctx,
		dbus.WithMatchSender("org.freedesktop.DBus"),
		dbus.WithMatchInterface("org.freedesktop.DBus"),
		dbus.WithMatchMember("NameOwnerChanged"),
		dbus.WithMatchArg(2, ""))
	if err != nil {
		return err
	}
	var reply uint32
	err = s.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.RequestName", 0,
		contract.BusName, uint32(dbus.NameFlagDoNotQueue)).Store(&reply)
	if err != nil {
		return err
	}
	if dbus.RequestNameReply(reply) != dbus.RequestNameReplyPrimaryOwner {
		return ErrNameTaken
	}
	return nil
}

// InFlight is the number of calls that were read and are not answered yet.
func (s *Server) InFlight() int { return s.inbound.inFlight() }

// Idle gets a token each time that the last call in flight was answered. To end on idle, wait for
// a token and the wanted time, look at InFlight and the service's running containers, and Close:
// a call that comes in between is still answered, as Close drains.
func (s *Server) Idle() <-chan struct{} { return s.inbound.idle }

// Lost is closed when the connection is gone, also by Close. The server does not come back: the
// process ends, and the containers don't notice.
func (s *Server) Lost() <-chan struct{} { return s.lost }

// Close gives the name up, answers every call that came before the bus took it, and hangs up.
// From then on a call activates the next daemon. When ctx ends first, the work still going on is
// cancelled and ctx's error returned. Close is safe to call again.
func (s *Server) Close(ctx context.Context) error {
	s.closing.Do(func() { s.closed = s.shutDown(ctx) })
	return s.closed
}

func (s *Server) shutDown(ctx context.Context) error {
	defer func() { _ = s.conn.Close() }()
	defer s.cancel()
	// The policy of the bus keeps the name's signals from strangers. Once we don't own it any more it
	// would give them to everybody, while those that follow the name get none.
	select {
	case <-s.signals.mute():
	case <-ctx.Done():
	}
	// The bus sends its reply behind the last call for the name, and inbound has counted
	// everything before the reply: no call is between the two.
	err := s.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.ReleaseName", 0, contract.BusName).Err
	if err != nil {
		err = fmt.Errorf("release %s: %w", contract.BusName, err)
	}
	close(s.released)
	select {
	case <-s.inbound.drain():
	case <-ctx.Done():
		err = errors.Join(err, fmt.Errorf("wait for %d calls: %w", s.InFlight(), ctx.Err()))
	}
	select {
	case <-s.signals.out.stop():
	case <-ctx.Done():
		err = errors.Join(err, fmt.Errorf("write to the bus: %w", ctx.Err()))
	}
	return err
}
