// Package clienttest has a berthd for tests: an org.berth1 that answers what a test tells it to,
// on a bus of the test's own, and holds every call and every answer to the introspection XML.
package clienttest

import (
	"errors"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// Call is one call that came in.
type Call struct {
	Path   client.Path
	Member string
	Args   []any
	Flags  dbus.Flags
}

// Answer makes the reply to a call. An error must be a *client.Error.
type Answer func(Call) ([]any, error)

// Daemon is the service. A method without an Answer does not exist.
type Daemon struct {
	conn     *dbus.Conn
	contract Contract
	t        testing.TB

	mu      sync.Mutex
	answers map[string]Answer
	calls   []Call
}

// Serve takes the name on conn's bus and answers until conn closes, which must be before the end
// of the test.
func Serve(t testing.TB, conn *dbus.Conn, answers map[string]Answer) *Daemon {
	t.Helper()
	d := &Daemon{conn: conn, contract: Load(t), t: t, answers: answers}
	reply, err := conn.RequestName(contract.BusName, dbus.NameFlagDoNotQueue)
	if err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("request name: %v, %v", reply, err)
	}
	messages := make(chan *dbus.Message, 64)
	conn.Eavesdrop(messages)
	var served sync.WaitGroup
	served.Go(func() {
		for msg := range messages {
			if msg.Type == dbus.TypeMethodCall {
				served.Go(func() { d.serve(msg) })
			}
		}
	})
	t.Cleanup(func() {
		_ = conn.Close()
		served.Wait()
	})
	return d
}

// Calls gives what came in so far.
func (d *Daemon) Calls() []Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]Call(nil), d.calls...)
}

func (d *Daemon) serve(msg *dbus.Message) {
	path, _ := msg.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
	iface, _ := msg.Headers[dbus.FieldInterface].Value().(string)
	member, _ := msg.Headers[dbus.FieldMember].Value().(string)
	in, _ := msg.Headers[dbus.FieldSignature].Value().(dbus.Signature)
	call := Call{Path: path, Member: member, Args: msg.Body, Flags: msg.Flags}

	d.mu.Lock()
	d.calls = append(d.calls, call)
	answer := d.answers[member]
	d.mu.Unlock()

	wantIn, wantOut := d.signatures(iface, member)
	if in.String() != wantIn {
		d.t.Errorf("%s.%s called with %q, the contract says %q", iface, member, in, wantIn)
	}
	if answer == nil {
		d.fail(msg, &client.Error{Name: contract.ErrorUnknownMethod, Message: "no method " + member})
		return
	}
	body, err := answer(call)
	if err != nil {
		var e *client.Error
		if !errors.As(err, &e) {
			e = &client.Error{Name: "org.berth1.Error.Internal", Message: err.Error()}
		}
		d.fail(msg, e)
		return
	}
	if out := dbus.SignatureOf(body...).String(); out != wantOut {
		d.t.Errorf("the test answers %s.%s with %q, the contract says %q", iface, member, out, wantOut)
	}
	d.reply(msg, dbus.TypeMethodReply, nil, body)
}

// signatures are what the contract says of a method; those of Properties are not in it.
func (d *Daemon) signatures(iface, member string) (in, out string) {
	switch member {
	case "Get":
		return "ss", "v"
	case "GetAll":
		return "s", "a{sv}"
	}
	for _, m := range d.contract.Interface(d.t, iface).Methods {
		if m.Name == member {
			return m.Signature("in"), m.Signature("out")
		}
	}
	d.t.Errorf("no method %s.%s in the contract", iface, member)
	return "", ""
}

func (d *Daemon) fail(msg *dbus.Message, e *client.Error) {
	details := make(map[string]dbus.Variant, len(e.Details))
	for key, value := range e.Details {
		details[key] = dbus.MakeVariant(value)
	}
	d.reply(msg, dbus.TypeError, &e.Name, []any{e.Message, details})
}

func (d *Daemon) reply(to *dbus.Message, kind dbus.Type, name *string, body []any) {
	reply := &dbus.Message{
		Type: kind,
		Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldDestination: to.Headers[dbus.FieldSender],
			dbus.FieldReplySerial: dbus.MakeVariant(to.Serial()),
		},
		Body: body,
	}
	if name != nil {
		reply.Headers[dbus.FieldErrorName] = dbus.MakeVariant(*name)
	}
	if len(body) > 0 {
		reply.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(body...))
	}
	d.conn.Send(reply, nil)
}
