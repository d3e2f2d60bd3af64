//go:build bus

package client_test

import (
	"sync/atomic"
	"testing"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/client/clienttest"
)

// TestBusAskedAgain: a call that waits or only reads asks the next daemon when one ends meanwhile, but not for ever,
// and not after any other error.
func TestBusAskedAgain(t *testing.T) {
	const process = client.Path("/org/berth1/process/_6695eb01_f6a4_8304_79aa_97f2502e193f_1")
	for member, w := range map[string]struct {
		reply []any
		wait  func(*client.Client) error
	}{
		"GetXML":             {[]any{"<domain/>"}, func(c *client.Client) error { _, err := c.XML(t.Context(), web, client.Live); return err }},
		"GetContainerByName": {[]any{web}, func(c *client.Client) error { _, err := c.ByName(t.Context(), "web"); return err }},
		"WaitReady":          {nil, func(c *client.Client) error { return c.WaitReady(t.Context(), web) }},
		"AwaitEnd":           {[]any{"shutoff", "shutdown"}, func(c *client.Client) error { _, _, err := c.AwaitEnd(t.Context(), web, 7); return err }},
		"Wait":               {[]any{int32(3), "exited"}, func(c *client.Client) error { _, err := c.Wait(t.Context(), process); return err }},
	} {
		for name, most := range map[string]int64{
			contract.ErrorNoReply: 100, contract.ErrorShuttingDown: 100, contract.ErrorNameHasNoOwner: 100, contract.ErrorNotRunning: 1,
		} {
			var calls, ends atomic.Int64
			c, _, _ := connect(t, map[string]clienttest.Answer{member: func(clienttest.Call) ([]any, error) {
				if calls.Add(1) <= ends.Load() {
					return nil, &client.Error{Name: name, Message: "gone"}
				}
				return w.reply, nil
			}})
			for _, n := range []int64{most - 1, most} {
				calls.Store(0)
				ends.Store(n)
				if err := w.wait(c); (err == nil) != (n < most) || calls.Load() != most {
					t.Errorf("%s, %s %d times: %v after %d calls", member, name, n, err, calls.Load())
				}
			}
		}
	}
}
