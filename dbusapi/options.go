package dbusapi

import (
	"maps"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// checkOptions compares the options that the caller sent with those that the method has.
func (m *method) checkOptions(args []any) error {
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

// options are the options of the call. checkOptions has checked their types.
func (c *call) options() map[string]dbus.Variant {
	given, _ := c.args[len(c.args)-1].(map[string]dbus.Variant)
	return given
}

// given reports whether the call has an option.
func (c *call) given(key string) bool {
	_, ok := c.options()[key]
	return ok
}

// option returns the value of an option as the Go type that godbus decodes it to, the zero value if it was not given.
func option[T any](c *call, key string) T {
	v, _ := c.options()[key].Value().(T)
	return v
}
