//go:build bus

package client_test

import (
	"context"
	"errors"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/client/clienttest"
)

// asking answers a call by which polkit may ask.
func asking(body ...any) clienttest.Answer {
	return func(c clienttest.Call) ([]any, error) {
		if c.Flags&dbus.FlagAllowInteractiveAuthorization == 0 {
			return nil, &client.Error{Name: contract.ErrorInteractionRequired, Message: "ask"}
		}
		return body, nil
	}
}

// TestBusAskBy: what asks the user is started once, when polkit first wants to ask, and the call is made again. A user
// who is asked nothing waits for nothing.
func TestBusAskBy(t *testing.T) {
	t.Run("hidden", func(t *testing.T) {
		c, d, _ := connect(t, map[string]clienttest.Answer{"GetContainerByName": func(c clienttest.Call) ([]any, error) {
			if c.Flags&dbus.FlagAllowInteractiveAuthorization == 0 {
				return nil, &client.Error{Name: contract.ErrorNoSuchContainer, Message: "no such container, or no right to see it"}
			}
			return []any{web}, nil
		}})
		started := 0
		c.AskBy(func(context.Context) error { started++; return nil })
		if _, err := c.ByName(t.Context(), "web"); err != nil || started != 1 || len(d.Calls()) != 2 {
			t.Errorf("%v, %d agents, %d calls", err, started, len(d.Calls()))
		}
	})
	c, d, _ := connect(t, map[string]clienttest.Answer{
		"Get": replies(dbus.MakeVariant("1.2")), "Start": asking(), "Destroy": asking(), "ListContainers": asking([]client.Summary{}),
	})
	started := 0
	c.AskBy(func(context.Context) error { started++; return errors.New("there is another one") })
	if _, err := c.Version(t.Context()); err != nil || started != 0 {
		t.Fatalf("%v, %d agents", err, started)
	}
	if _, err := c.List(t.Context(), client.Filter{}); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := errors.Join(c.Start(t.Context(), web), c.Destroy(t.Context(), web)); err != nil {
			t.Error(err)
		}
	}
	if got := len(d.Calls()); started != 1 || got != 1+2+4 {
		t.Errorf("%d agents, %d calls", started, got)
	}
}

// TestBusAskNobody: no call lets polkit ask, and the refusal is the caller's.
func TestBusAskNobody(t *testing.T) {
	c, d, _ := connect(t, map[string]clienttest.Answer{"Start": asking()})
	c.AskNobody()
	if err := c.Start(t.Context(), web); client.NameOf(err) != contract.ErrorInteractionRequired || len(d.Calls()) != 1 {
		t.Errorf("%v, %d calls", err, len(d.Calls()))
	}
}

// TestBusAskedInVain: a call that polkit refuses, though it may ask, is made once more only.
func TestBusAskedInVain(t *testing.T) {
	c, d, _ := connect(t, map[string]clienttest.Answer{"Start": func(clienttest.Call) ([]any, error) {
		return nil, &client.Error{Name: contract.ErrorInteractionRequired, Message: "ask"}
	}})
	c.AskBy(func(context.Context) error { return nil })
	if err := c.Start(t.Context(), web); client.NameOf(err) != contract.ErrorInteractionRequired || len(d.Calls()) != 2 {
		t.Errorf("%v, %d calls", err, len(d.Calls()))
	}
}
