package bus

import (
	"fmt"

	"github.com/godbus/dbus/v5"
)

// Body says what may be in the body of a message.
type Body struct {
	Signature   string
	Max         int    // bytes
	Descriptors uint32 // at most so many come with it
}

// expectation is what may follow a header.
type expectation struct {
	Body
	undeclared bool // nothing is let through, so that whoever forgot to say what he expects notices
	plain      bool // see checkBody
	otherwise  otherwise
	method     string  // of the call that is answered
	waiter     *waiter // for the answer, if not godbus waits for it
}

// otherwise is what becomes of a message whose body is not as expected.
type otherwise int

const (
	drop  otherwise = iota
	strip           // it is delivered without the body
	fail            // an error is delivered in its place
)

// gate decides what becomes of each message.
type gate struct {
	replies *replies
	signals *signals
	calls   func(*Header) Body // nil for a connection that serves nothing
}

// expect decides by the header; false drops the message.
func (g *gate) expect(h *Header) (expectation, bool) {
	switch h.Kind {
	case dbus.TypeMethodReply, dbus.TypeError:
		call, ok := g.replies.answers(h)
		if !ok {
			return expectation{}, false
		}
		return g.replies.expect(h, call), true
	case dbus.TypeSignal:
		return g.signals.expect(h)
	case dbus.TypeMethodCall:
		if g.calls != nil {
			return expectation{Body: g.calls(h), plain: true, otherwise: strip}, true
		}
		// godbus answers that there is no such object, also to those who want no answer.
		return expectation{otherwise: strip}, h.Flags&dbus.FlagNoReplyExpected == 0
	}
	return expectation{}, false
}

// fault compares what a header says of the body with what it may be.
func (e *expectation) fault(h *Header) *Fault {
	switch {
	case e.undeclared || h.Signature != e.Signature:
		return &Fault{Kind: WrongSignature}
	case h.Length > e.Max:
		return &Fault{Kind: TooLarge}
	case h.Descriptors > e.Descriptors:
		return &Fault{Kind: TooManyDescriptors}
	}
	return nil
}

// failure gives the error that says what was wrong with a reply.
func (e *expectation) failure(h *Header) (name, text string) {
	switch {
	case e.undeclared:
		return mistyped, fmt.Sprintf("no reply of %s is declared", e.method)
	case h.Fault.Kind == WrongSignature:
		return mistyped, fmt.Sprintf("the reply of %s is of signature %q, not %q", e.method, h.Signature, e.Signature)
	case h.Fault.Kind == TooLarge:
		return tooLong, fmt.Sprintf("the reply of %s has %d bytes, the limit is %d", e.method, h.Length, e.Max)
	}
	if h.Fault.Kind != Malformed {
		return mistyped, fmt.Sprintf("the reply of %s has %d descriptors, of which %d were expected, or they were lost", e.method, h.Descriptors, e.Descriptors)
	}
	return mistyped, fmt.Sprintf("the reply of %s is malformed: %v", e.method, h.Fault.Why)
}
