package polkit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/godbus/dbus/v5"
)

// BusName is polkit's name on the bus.
const BusName = "org.freedesktop.PolicyKit1"

const (
	authorityPath = dbus.ObjectPath("/org/freedesktop/PolicyKit1/Authority")
	authority     = BusName + ".Authority"
	// Flags of CheckAuthorization.
	noDialogue   uint32 = 0
	withDialogue uint32 = 1
	// temporary is the detail of an answer that a password gave, and that ends some time later.
	temporary = "polkit.temporary_authorization_id"
	// cancelLimit bounds how long polkit may take to withdraw a dialogue.
	cancelLimit = 10 * time.Second
	// ownAccord is how long polkit has to take a dialogue back by itself, as it does where the caller has left the bus. To
	// be told so at that moment, too, hangs polkitd 122 for good: the agent's answer meets the order on two threads
	// (g_cancellable_cancel holds what g_dbus_connection_send_message_with_reply waits for, and the other way round).
	ownAccord = 5 * time.Second
)

// Replies returns the signatures of the replies to the methods that a Client calls. The connection reads no others.
func Replies() map[string]string {
	return map[string]string{authority + ".CheckAuthorization": "(bba{ss})", authority + ".CancelCheckAuthorization": ""}
}

// Signals returns the signatures of the signals that a Client listens to.
func Signals() map[string]string { return map[string]string{authority + ".Changed": ""} }

// Peer calls polkit's methods. It makes a call wait while too many are without an answer.
type Peer interface {
	Go(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call
}

// Client speaks to polkit over a bus connection.
type Client struct {
	quick, patient Peer
	names          atomic.Uint64 // of questions that can be cancelled
	ownAccord      time.Duration // the constant
}

// New returns a client. The peers call BusName. quick is for questions that nobody needs to think about, patient for
// the others, so that these do not hold those up. The first call activates polkit.
func New(quick, patient Peer) *Client {
	return &Client{quick: quick, patient: patient, ownAccord: ownAccord}
}

// Question is whether a caller may do something.
type Question struct {
	BusName  string  // the caller's unique name: polkit finds out itself whose connection that is
	Process  Process // the caller, if BusName is ""
	Action   string
	Details  map[string]string
	Dialogue bool // somebody may be asked for a password
}

// Process is a caller who is not on the bus. Start is when it began (field 22 of /proc/PID/stat), so that polkit does
// not take another process for it. UID is the user's that the kernel vouched for when it connected.
type Process struct {
	PID   uint32
	Start uint64
	UID   uint32
}

// Answer is polkit's.
type Answer struct {
	Allowed   bool
	Challenge bool // a dialogue could change the answer
	Temporary bool // a password gave it, and it ends some time later
}

// subject is polkit's (sa{sv}).
type subject struct {
	Kind    string
	Details map[string]dbus.Variant
}

// Check asks. The question is withdrawn when ctx ends. It returns an error if polkit gives no answer.
func (c *Client) Check(ctx context.Context, q Question) (Answer, error) {
	peer, flags, id := c.quick, noDialogue, ""
	if q.Dialogue {
		peer, flags, id = c.patient, withDialogue, "berth-"+strconv.FormatUint(c.names.Add(1), 10)
	}
	if q.Details == nil {
		q.Details = map[string]string{}
	}
	call := peer.Go(ctx, authorityPath, authority+".CheckAuthorization", q.subject(), q.Action, q.Details, flags, id)
	select {
	case answered := <-call.Done:
		return answer(q, answered)
	case <-ctx.Done():
	}
	if q.Dialogue {
		c.cancel(ctx, call, id)
	}
	return Answer{}, fmt.Errorf("ask polkit for %s: %w", q.Action, context.Cause(ctx))
}

// subject is who calls, as polkit wants it.
func (q *Question) subject() subject {
	if q.BusName != "" {
		return subject{"system-bus-name", map[string]dbus.Variant{"name": dbus.MakeVariant(q.BusName)}}
	}
	return subject{"unix-process", map[string]dbus.Variant{
		"pid": dbus.MakeVariant(q.Process.PID), "start-time": dbus.MakeVariant(q.Process.Start), "uid": dbus.MakeVariant(int32(q.Process.UID)),
	}}
}

func answer(q Question, call *dbus.Call) (a Answer, err error) {
	var result struct {
		Allowed, Challenge bool
		Details            map[string]string
	}
	if err := call.Store(&result); err != nil {
		return a, fmt.Errorf("ask polkit for %s: %w", q.Action, explain(err))
	}
	_, kept := result.Details[temporary]
	return Answer{Allowed: result.Allowed, Challenge: result.Challenge && !result.Allowed, Temporary: kept}, nil
}

// cancel withdraws a question that polkit does not answer of its own accord, so that its dialogue disappears. It does
// not wait for polkit.
func (c *Client) cancel(ctx context.Context, asked *dbus.Call, id string) {
	ctx = context.WithoutCancel(ctx)
	go func() {
		select {
		case <-asked.Done:
			return
		case <-time.After(c.ownAccord):
		}
		ctx, done := context.WithTimeout(ctx, cancelLimit)
		defer done()
		call := c.quick.Go(ctx, authorityPath, authority+".CancelCheckAuthorization", id)
		select {
		case <-call.Done: // an error says that there is nothing to withdraw any more
		case <-ctx.Done():
		}
	}()
}

// explain says in words what an error of the bus means.
func explain(err error) error {
	var e dbus.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Name {
	case "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner":
		return fmt.Errorf("polkitd is not installed: %w", err)
	}
	return fmt.Errorf("%s: %w", e.Name, err)
}

// Listen calls changed whenever polkit may answer otherwise than before, and when another polkit comes or goes. The
// connection must let Signals through. changed must not block.
func Listen(ctx context.Context, conn *dbus.Conn, changed func()) error {
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	go func() {
		for s := range signals {
			switch s.Name {
			case authority + ".Changed":
				changed()
			case "org.freedesktop.DBus.NameOwnerChanged":
				if len(s.Body) > 0 && s.Body[0] == BusName {
					changed()
				}
			}
		}
		changed() // the connection is gone
	}()
	return conn.AddMatchSignalContext(ctx, dbus.WithMatchSender(BusName), dbus.WithMatchObjectPath(authorityPath),
		dbus.WithMatchInterface(authority), dbus.WithMatchMember("Changed"))
}
