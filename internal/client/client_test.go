package client

import (
	"context"
	"errors"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
)

// TestCheckText: a string that D-Bus cannot carry is ErrNotText.
func TestCheckText(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		arg  any
		want error
	}{
		"text":          {"ünï", nil},
		"no text":       {uint32(7), nil},
		"invalid UTF-8": {"a\xff", ErrNotText},
		"zero byte":     {"a\x00b", ErrNotText},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := checkText([]any{"first", tc.arg}); !errors.Is(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

// TestCallError: a failed call is the daemon's error, ErrLost, or the context's end.
func TestCallError(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	const name = "org.berth1.Error.StartFailed"
	for title, tc := range map[string]struct {
		ctx  context.Context
		err  error
		is   error
		want *Error
	}{
		"the bus is gone":          {ctx: t.Context(), err: dbus.ErrClosed, is: ErrLost},
		"the caller gave up":       {ctx: ended, err: dbus.ErrClosed, is: context.Canceled},
		"a reply without a body":   {ctx: t.Context(), err: dbus.Error{Name: name}, want: &Error{Name: name, Message: name}},
		"a reply of the bus":       {ctx: t.Context(), err: dbus.Error{Name: name, Body: []any{"no"}}, want: &Error{Name: name, Message: "no"}},
		"a reply with a number":    {ctx: t.Context(), err: dbus.Error{Name: name, Body: []any{int32(3)}}, want: &Error{Name: name, Message: name}},
		"a reply without a detail": {ctx: t.Context(), err: dbus.Error{Name: name, Body: []any{"no", map[string]dbus.Variant{}}}, want: &Error{name, "no", map[string]any{}}},
		"a reply with details": {
			ctx:  t.Context(),
			err:  dbus.Error{Name: name, Body: []any{"no", map[string]dbus.Variant{"step": dbus.MakeVariant("scope")}}},
			want: &Error{name, "no", map[string]any{"step": "scope"}},
		},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			got := callError(tc.ctx, tc.err)
			if tc.is != nil {
				if !errors.Is(got, tc.is) {
					t.Errorf("got %v, want %v", got, tc.is)
				}
				return
			}
			if diff := cmp.Diff(error(tc.want), got); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
			if NameOf(got) != name {
				t.Errorf("NameOf: %q", NameOf(got))
			}
		})
	}
}
