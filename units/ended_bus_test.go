//go:build bus

package units_test

import (
	"testing"
	"time"

	"github.com/berthd/berth/units"
)

// TestEnded: a scope that is not dropped by itself is stopped, and its name is free then.
func TestEnded(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(*pair){
		"young":             func(p *pair) { begin(t, p) },
		"of another daemon": func(p *pair) { p.systemd.Add(unit) },
		"late":              func(p *pair) { begin(t, p); time.Sleep(30 * time.Millisecond) },
		"gone before":       func(p *pair) { begin(t, p); p.systemd.Remove(unit) },
		"never there":       func(*pair) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, nil)
			make(p)
			if err := p.client.Ended(limited(t), unit, func() bool { return true }); err != nil {
				t.Fatal(err)
			}
			if _, there := p.systemd.Scope(unit); there {
				t.Error("it is still there")
			}
			begin(t, p)
		})
	}
}

// begin starts a scope. The name must be free.
func begin(t *testing.T, p *pair) {
	t.Helper()
	if _, err := p.client.Start(limited(t), units.Scope{Name: unit, PID: 42}); err != nil {
		t.Error(err)
	}
}
