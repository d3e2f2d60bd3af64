package dbusapi

import (
	"context"
	"fmt"
	"slices"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/bus"
)

// method is one row of an interface's table.
type method struct {
	name    string
	in, out string // signatures, as in the introspection XML
	action  string // the polkit action
	mutates bool   // changes something: outlives its caller; on a container, keeps the order of arrival
	waits   bool   // may take as long as a container runs
	asks    bool   // waits for a supervisor or another daemon
	doing   string // completes the sentence "cannot ...", as in "start domain"

	// open says why everybody may call this. openAbove says so for the objects that are no container's. Then it asks for
	// what it tells itself, if it does.
	open, openAbove string
	peeks           bool // only looks at the container, whatever its action is
	network         bool // is about the network of the host that the first argument names

	// options are the keys that a trailing a{sv} may have, with their signatures.
	options map[string]string
	// limit bounds the arguments in bytes, as they are on the bus; 0 is maxArgs.
	limit int
	// descriptors is how many may come with the arguments. They are closed after the call, unless the method
	// takes them (call.take).
	descriptors uint32

	run func(ctx context.Context, s *Server, c *call) ([]any, error)
}

// looks reports whether the method changes nothing.
func (m *method) looks() bool {
	return m.peeks || !m.mutates && !m.waits && (m.action == contract.ActionRead || m.action == contract.ActionMonitor)
}

// maxArgs bounds the arguments of a method that has no limit of its own: the longest honest ones are a
// name and a few options.
const maxArgs = 64 << 10

func (m *method) maxArgs() int {
	if m.limit > 0 {
		return m.limit
	}
	return maxArgs
}

// refuse says why the arguments were not read, if they were not.
func (m *method) refuse(h *bus.Header) *busError {
	switch {
	case h.Fault == nil:
		return nil
	case h.Fault.Kind == bus.TooLarge:
		return stdError(contract.ErrorLimitsExceeded, "the arguments of %s have %d bytes, the limit is %d", m.name, h.Length, m.maxArgs())
	case h.Fault.Kind == bus.TooManyDescriptors && m.descriptors == 0:
		return stdError(contract.ErrorInvalidArgs, "%s takes no descriptors", m.name)
	case h.Fault.Kind == bus.TooManyDescriptors:
		return stdError(contract.ErrorLimitsExceeded, "%d descriptors came with %s, the limit is %d", h.Descriptors, m.name, m.descriptors)
	case h.Fault.Kind == bus.LostDescriptors:
		return stdError(contract.ErrorLimitsExceeded, "berthd has no room for %d more descriptors (LimitNOFILE=)", h.Descriptors)
	case h.Fault.Kind == bus.Malformed:
		return stdError(contract.ErrorInvalidArgs, "the arguments of %s are malformed: %v", m.name, h.Fault.Why)
	}
	return m.checkSignature(h.Signature)
}

// iface is one interface of an object.
type iface struct {
	name    string
	methods map[string]*method
	props   []property
	setters map[string]func(*Server, string) error // of the properties that can be set
}

func newIface(name string, props []property, methods ...*method) *iface {
	i := &iface{name: name, methods: make(map[string]*method, len(methods)), props: props}
	for _, m := range methods {
		i.methods[m.name] = m
	}
	return i
}

// ifaces is every interface that an object of each kind has, in the order of introspection.
func ifaces() map[kind][]*iface {
	standard := []*iface{peerIface(), introspectableIface()}
	props := propertiesIface()
	return map[kind][]*iface{
		kindBranch:    standard,
		kindManager:   append(slices.Clone(standard), props, objectManagerIface(), networksIface(), watchIface(), managerIface()),
		kindContainer: append(slices.Clone(standard), props, containerIface()),
		kindProcess:   append(slices.Clone(standard), props, processIface()),
		kindLog:       append(slices.Clone(standard), props, logControlIface()),
	}
}

// checkSignature compares the signature of what the caller sent with what the method takes. Arguments of
// the right one have exactly the Go types that godbus decodes it to.
func (m *method) checkSignature(signature string) *busError {
	if signature != m.in {
		return stdError(contract.ErrorInvalidArgs, "%s takes arguments of signature %q, not %q", m.name, m.in, signature)
	}
	return nil
}

// sentence is the one human sentence of an error of this method.
func (m *method) sentence(subject string, err error) string {
	if subject != "" {
		return fmt.Sprintf("cannot %s %q: %v", m.doing, subject, err)
	}
	return fmt.Sprintf("cannot %s: %v", m.doing, err)
}
