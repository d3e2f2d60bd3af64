package bus

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"

	"github.com/godbus/dbus/v5"
)

// Reply is the answer to a call. Its body names each descriptor by its place in Files (dbus.UnixFDIndex).
// Whoever gets the reply owns the files.
type Reply struct {
	Body  []any
	Files []*os.File
}

// Exchange makes a call whose arguments or reply may have descriptors. The body names each file by its
// place (dbus.UnixFDIndex); the files stay the caller's. It returns a dbus.Error if the other side answered with
// one, ctx's cause if ctx ended first, and dbus.ErrClosed if the connection did.
func (c *Conn) Exchange(ctx context.Context, msg *dbus.Message, files ...*os.File) (Reply, error) {
	got, err := c.exchange(ctx, msg, files, &waiter{answered: make(chan struct{})})
	if err != nil {
		return Reply{}, err
	}
	return got.reply()
}

// Ask makes a call without files, whose reply the caller reads himself. It returns the errors of Exchange.
func (c *Conn) Ask(ctx context.Context, msg *dbus.Message) (*Values, error) {
	got, err := c.exchange(ctx, msg, nil, &waiter{answered: make(chan struct{}), undecoded: true})
	if err == nil && got.values == nil {
		_, err = got.reply()
	}
	return got.values, err
}

func (c *Conn) exchange(ctx context.Context, msg *dbus.Message, files []*os.File, w *waiter) (outcome, error) {
	out, serial, err := c.encode(msg, files)
	if err != nil {
		return outcome{}, err
	}
	c.wire.gate.replies.note(out.Bytes, w)
	err = c.wire.send(out)
	runtime.KeepAlive(files)
	if err != nil {
		c.wire.gate.replies.forget(serial)
		if errors.Is(err, net.ErrClosed) {
			err = dbus.ErrClosed
		}
		return outcome{}, err
	}
	select {
	case <-w.answered:
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-c.Context().Done():
		err = dbus.ErrClosed
	}
	if err != nil {
		c.wire.gate.replies.forget(serial)
		w.leave()
		return outcome{}, err
	}
	return w.got, nil
}

func (c *Conn) encode(msg *dbus.Message, files []*os.File) (out Outgoing, serial uint32, err error) {
	if len(files) > 0 && !c.wire.passes {
		return out, 0, errNoDescriptors
	}
	if len(files) > MaxDescriptors {
		return out, 0, fmt.Errorf("a message with %d descriptors; the limit is %d", len(files), MaxDescriptors)
	}
	if len(msg.Body) > 0 {
		msg.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(msg.Body...))
	}
	if len(files) > 0 {
		msg.Headers[dbus.FieldUnixFDs] = dbus.MakeVariant(uint32(len(files)))
	}
	var b bytes.Buffer
	if err := msg.EncodeTo(&b, binary.LittleEndian); err != nil {
		return out, 0, fmt.Errorf("encode: %w", err)
	}
	serial = c.serials.GetSerial()
	binary.LittleEndian.PutUint32(b.Bytes()[8:], serial)
	out.Bytes = b.Bytes()
	for _, f := range files {
		out.Descriptors = append(out.Descriptors, int(f.Fd()))
	}
	return out, serial, nil
}

// outcome is what came for a call.
type outcome struct {
	message *dbus.Message
	values  *Values // in place of message, if the waiter wants the reply undecoded
	files   []*os.File
	err     error
}

func (a outcome) reply() (Reply, error) {
	if a.err == nil && a.message.Type != dbus.TypeError {
		return Reply{Body: a.message.Body, Files: a.files}, nil
	}
	CloseFiles(a.files)
	if a.err != nil {
		return Reply{}, a.err
	}
	name, _ := a.message.Headers[dbus.FieldErrorName].Value().(string)
	return Reply{}, dbus.Error{Name: name, Body: a.message.Body}
}

// waiter is who waits for the answer to one call. An answer that comes when nobody waits any more is closed.
type waiter struct {
	answered  chan struct{} // closed when got is there
	undecoded bool          // the caller reads a reply himself

	mu   sync.Mutex
	left bool
	got  outcome
}

// answer hands the answer over. It never blocks.
func (w *waiter) answer(a outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left {
		CloseFiles(a.files)
		return
	}
	w.got = a
	close(w.answered)
}

// leave gives the waiting up.
func (w *waiter) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = true
	CloseFiles(w.got.files)
}
