package dbusapi

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// method is one row of an interface's table.
type method struct {
	name    string
	in, out string // signatures, as in the introspection XML
	action  string // the polkit action
	mutates bool   // changes something: outlives its caller; on a container, keeps the order of arrival
	doing   string // completes the sentence "cannot ...", as in "start domain"

	// options are the keys that a trailing a{sv} may have, with their signatures.
	options map[string]string

	run func(ctx context.Context, s *Server, c *call) ([]any, error)
}

// iface is one interface of an object.
type iface struct {
	name    string
	methods map[string]*method
	props   []property
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
		kindManager:   append(slices.Clone(standard), props, objectManagerIface(), managerIface()),
		kindContainer: append(slices.Clone(standard), props, containerIface()),
	}
}

// checkArgs compares what the caller sent with what the method takes. Afterwards the arguments
// have exactly the Go types that godbus decodes the signature to.
func (m *method) checkArgs(signature string, args []any) error {
	if signature != m.in {
		return stdError(contract.ErrorInvalidArgs, "%s takes arguments of signature %q, not %q", m.name, m.in, signature)
	}
	if !strings.HasSuffix(m.in, "a{sv}") {
		return nil
	}
	given := args[len(args)-1].(map[string]dbus.Variant)
	for _, key := range slices.Sorted(maps.Keys(given)) {
		want, ok := m.options[key]
		if !ok {
			return stdError(contract.ErrorInvalidArgs, "%s has no option %q", m.name, key)
		}
		if got := given[key].Signature().String(); got != want {
			return stdError(contract.ErrorInvalidArgs, "option %q of %s is of type %q, not %q", key, m.name, want, got)
		}
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
