package bus

import (
	"maps"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"
)

const (
	busName = "org.freedesktop.DBus" // of the bus itself, which no connection can own

	defaultReply = 1 << 20  // bytes of a reply's body
	maxError     = 64 << 10 // bytes of an error's body
)

// The errors that a call fails with when its reply is not what its method promises, and when it is too long.
// The specification has the first for a message that contradicts itself.
const (
	mistyped = "org.freedesktop.DBus.Error.InconsistentMessage"
	tooLong  = "org.freedesktop.DBus.Error.LimitsExceeded"
)

// ownReplies are the replies of the bus's methods that Berth calls.
func ownReplies() map[string]string {
	return map[string]string{
		busName + ".Hello":                 "s",
		busName + ".AddMatch":              "",
		busName + ".RequestName":           "u",
		busName + ".ReleaseName":           "u",
		busName + ".GetNameOwner":          "s",
		busName + ".GetId":                 "s",
		busName + ".NameHasOwner":          "b",
		busName + ".GetConnectionUnixUser": "u",
	}
}

// replies knows the calls that were sent and are unanswered.
type replies struct {
	signatures map[string]string // of replies, by interface and member of the call
	max        int               // bytes of a reply's body

	mu   sync.Mutex // guards sent; held for map access only
	sent map[uint32]sentCall
}

// sentCall is a call that waits for its answer.
type sentCall struct {
	destination string
	method      string  // with its interface
	waiter      *waiter // nil if godbus waits for the answer
}

func newReplies(tables []map[string]string, limit int) *replies {
	r := &replies{signatures: ownReplies(), max: limit, sent: make(map[uint32]sentCall)}
	for _, t := range tables {
		maps.Copy(r.signatures, t)
	}
	if r.max == 0 {
		r.max = defaultReply
	}
	return r
}

// note takes down a call that is about to be sent, if it is one that will be answered, and who waits for the
// answer.
func (r *replies) note(message []byte, to *waiter) (serial uint32, noted bool) {
	if len(message) < frameSize {
		return 0, false
	}
	f, err := parseFrame((*[frameSize]byte)(message))
	if err != nil || f.kind != dbus.TypeMethodCall || f.flags&dbus.FlagNoReplyExpected != 0 || len(message) < frameSize+pad(f.fields) {
		return 0, false
	}
	h, err := parseHeader(f, message[frameSize:frameSize+pad(f.fields)])
	if err != nil {
		return 0, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent[h.Serial] = sentCall{destination: h.Destination, method: h.Interface + "." + h.Member, waiter: to}
	return h.Serial, true
}

// forget takes a call out that could not be sent.
func (r *replies) forget(serial uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sent, serial)
}

// answers takes out the call that a reply or an error answers, if it does.
func (r *replies) answers(h *Header) (sentCall, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	call, ok := r.sent[h.ReplySerial]
	if !ok || !call.from(h) {
		return sentCall{}, false
	}
	delete(r.sent, h.ReplySerial)
	return call, true
}

// from reports whether a message may be the answer to the call by its sender. Which connection
// owned a well-known name when the call got there only the bus knows, and it lets nobody else answer.
func (c sentCall) from(h *Header) bool {
	switch {
	case h.Sender == busName: // for itself, or to say that nobody else will
		return c.destination == busName || h.Kind == dbus.TypeError
	case strings.HasPrefix(c.destination, ":"):
		return h.Sender == c.destination
	}
	return c.destination != busName && strings.HasPrefix(h.Sender, ":")
}

// expect says what may follow the header of an answer to a call.
func (r *replies) expect(h *Header, call sentCall) expectation {
	if h.Kind == dbus.TypeError {
		e := expectation{Body: Body{Signature: "s", Max: maxError}, otherwise: strip, waiter: call.waiter}
		if h.Signature == "" || h.Signature == "sa{sv}" {
			e.Signature = h.Signature
		}
		return e
	}
	signature, declared := r.signatures[call.method]
	e := expectation{
		Body: Body{Signature: signature, Max: r.max}, undeclared: !declared, otherwise: fail, method: call.method,
		waiter: call.waiter,
	}
	if e.waiter != nil {
		e.Descriptors = MaxDescriptors
	}
	return e
}
