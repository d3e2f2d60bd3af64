package bus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/godbus/dbus/v5"
)

// handshakeLimit bounds how long a bus may take to let us in. systemd's library has the same limit.
const handshakeLimit = 90 * time.Second

var errSilent = errors.New("the bus does not answer")

// Options says what a connection reads. The zero value reads what the bus itself says.
type Options struct {
	Address string // of the bus; "" is the system bus
	// Dial opens the bus in place of the address.
	Dial func(context.Context) (net.Conn, error)

	// Replies are the signatures of the replies to the methods that the connection calls, by
	// interface.member. The call of a method that is not in any table fails.
	Replies []map[string]string
	// MaxReply bounds the body of a reply in bytes; 0 is 1 MiB.
	MaxReply int
	// Signals are the signatures of the signals that the connection wants, by the well-known name of
	// the sender and by interface.member. Subscribing to them is left to who wants them.
	Signals map[string]map[string]string
	// Later leaves it to Follow to find out who sends the signals: until then none arrives, and nothing was asked.
	Later bool
	// Calls says of a method call what its body may be. A call with another body arrives without any,
	// and a Fault in its header. It runs in the goroutine that reads, right before the library's
	// incoming interceptor gets the same call, and must not block. Nil serves nothing.
	Calls func(*Header) Body
	// Descriptors says that the connection takes and sends descriptors. The owner of each that arrives is
	// who gets the Header or the Reply that it is in; the others are closed.
	Descriptors bool

	// SendBuffer is how many bytes the kernel may hold of what was written, 0 as many as it likes. What it holds can
	// be overtaken by nothing.
	SendBuffer int

	Serials *Serials          // nil makes new ones
	Library []dbus.ConnOption // further options of godbus, such as the handlers
}

// check reports a signature that no body is checked by.
func (o *Options) check() error {
	types := decodable()
	if o.Descriptors {
		types = withDescriptors()
	}
	tables := append([]map[string]string{}, o.Replies...)
	for _, t := range o.Signals {
		tables = append(tables, t)
	}
	for _, t := range tables {
		for name, signature := range t {
			if !types.has(signature) {
				return fmt.Errorf("signature %q of %s is not for us", signature, name)
			}
		}
	}
	return nil
}

// Conn is a connection to a message bus.
type Conn struct {
	*dbus.Conn
	wire    *wire
	serials *Serials
	signals *signals
}

// Connect connects, and says hello. The end of ctx ends the attempt, but not the connection.
func Connect(ctx context.Context, o Options) (*Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, handshakeLimit, errSilent)
	defer cancel()
	open := o.Dial
	if open == nil {
		open = func(ctx context.Context) (net.Conn, error) { return dial(ctx, o.Address) }
	}
	socket, err := open(ctx)
	if err != nil {
		return nil, err
	}
	if u, ok := socket.(*net.UnixConn); ok && o.SendBuffer > 0 {
		if err := u.SetWriteBuffer(o.SendBuffer); err != nil {
			return nil, errors.Join(err, socket.Close())
		}
	}
	c, err := newConn(socket, o)
	if err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	// The handshake of godbus knows no context.
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	err = c.enter(ctx, o)
	if !stop() { // what failed then failed for this
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func newConn(socket net.Conn, o Options) (*Conn, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	serials := o.Serials
	if serials == nil {
		serials = new(Serials)
	}
	g := &gate{replies: newReplies(o.Replies, o.MaxReply), signals: newSignals(o.Signals), calls: o.Calls}
	options := append([]dbus.ConnOption{dbus.WithSerialGenerator(serials)}, o.Library...)
	w := newWire(socket, g, o.Descriptors)
	conn, err := dbus.NewConn(w, options...)
	if err != nil {
		return nil, err
	}
	return &Conn{Conn: conn, wire: w, serials: serials, signals: g.signals}, nil
}

// enter authenticates, says hello, and finds out who sends the signals that are wanted.
func (c *Conn) enter(ctx context.Context, o Options) error {
	if err := c.Auth(nil); err != nil {
		return fmt.Errorf("authenticate: %w", err)
	}
	if err := c.Hello(); err != nil {
		return fmt.Errorf("say hello: %w", err)
	}
	for name := range o.Signals {
		if o.Later {
			break
		}
		if err := c.Follow(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// Follow lets the signals in that Options has for the sender with a name, whoever owns it now or from now on.
func (c *Conn) Follow(ctx context.Context, name string) error {
	if err := c.follow(ctx, name); err != nil {
		return fmt.Errorf("find %s on the bus: %w", name, err)
	}
	return nil
}

// follow learns who owns a name, now and from now on.
func (c *Conn) follow(ctx context.Context, name string) error {
	err := c.AddMatchSignalContext(ctx, dbus.WithMatchSender(busName), dbus.WithMatchInterface(busName),
		dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, name))
	if err != nil {
		return err
	}
	var owner string
	err = c.BusObject().CallWithContext(ctx, busName+".GetNameOwner", 0, name).Store(&owner)
	var refusal dbus.Error
	if errors.As(err, &refusal) && refusal.Name == noOwner {
		return nil // yet
	}
	c.signals.follow(name, owner)
	return err
}

// Shelter takes a name for which the policy of the bus turns strangers away. The connection reads nothing of theirs in
// any case, but the bus has room for so much only, and drops the reply that finds none. If an earlier
// owner is about to leave, the name comes when he is gone.
func (c *Conn) Shelter(ctx context.Context, name string) error {
	err := c.BusObject().CallWithContext(ctx, busName+".RequestName", 0, name, uint32(0)).Err
	if err != nil {
		return fmt.Errorf("own %s: %w", name, err)
	}
	return nil
}

const noOwner = "org.freedesktop.DBus.Error.NameHasNoOwner"

// Outgoing is an encoded message. Its descriptors stay the caller's.
type Outgoing struct {
	Bytes       []byte
	Descriptors []int
}

// Write writes whole messages past godbus, many in one go. None may be a call: nobody would know the answer.
func (c *Conn) Write(batch []Outgoing) error { return c.wire.send(batch...) }

// Taken returns how many bytes of messages the kernel has taken for the bus. While a Write waits it grows with each 16
// KiB, if the bus reads.
func (c *Conn) Taken() int64 { return c.wire.taken.Load() }

// Close ends the connection, first the socket: godbus's Close waits for who writes, and a bus that
// does not read would hold that up for ever. To close twice is harmless.
func (c *Conn) Close() error {
	err := c.wire.Close()
	_ = c.Conn.Close()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
