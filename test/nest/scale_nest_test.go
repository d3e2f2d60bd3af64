//go:build nest

package nest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// TestCycles: a container starts and is destroyed 300 times as fast as it goes, and berthd has no
// file open more.
func TestCycles(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.start(t)
	run(t, "berthctl", "destroy", "web")
	c := bus(t)
	path, err := c.ByName(context.Background(), "web")
	if err != nil {
		t.Fatal(err)
	}
	open := len(descriptors(t, daemon(t)))
	for i := range 300 {
		if err := c.Start(context.Background(), path); err != nil {
			t.Fatalf("start %d: %v", i, err)
		}
		if err := c.Destroy(context.Background(), path); err != nil {
			t.Fatalf("destroy %d: %v", i, err)
		}
	}
	if now := len(descriptors(t, daemon(t))); now > open {
		t.Errorf("berthd had %d open files, and has %d", open, now)
	}
}

// TestManyAtOnce: 700 containers run at once, more than the bus has connections for one user and match rules for one
// connection. Systemd stays on the bus, and stops one half of them in order; the other half is destroyed.
func TestManyAtOnce(t *testing.T) {
	clean(t)
	const many, callers = 700, 8
	root := script(t, "", "trap 'exit 5' TERM; sleep 100000 & wait").Root
	systemd := run(t, "busctl", "call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetNameOwner", "s", "org.freedesktop.systemd1")
	c := bus(t)
	ctx := context.Background()
	each := func(what string, do func(n int) error) {
		t.Helper()
		var all sync.WaitGroup
		work := make(chan int)
		for range callers {
			all.Go(func() {
				for n := range work {
					if err := do(n); err != nil {
						t.Errorf("%s %d: %v", what, n, err)
					}
				}
			})
		}
		for n := range many {
			work <- n
		}
		close(work)
		all.Wait()
	}
	path := func(n int) string { return fmt.Sprintf("many%d", n) }
	each("create", func(n int) error {
		g := guest{Name: path(n), Root: root, Init: "/init"}
		_, err := c.Create(ctx, g.xml())
		return err
	})
	if got := len(strings.Fields(run(t, "berthctl", "list", "--name"))); got != many {
		t.Errorf("%d are listed", got)
	}
	if got := len(machines(t)); got != many {
		t.Errorf("%d are registered", got)
	}
	if is := run(t, "busctl", "call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetNameOwner", "s", "org.freedesktop.systemd1"); is != systemd {
		t.Errorf("systemd was %s on the bus, and is %s", systemd, is)
	}
	var half []string
	for n := range many / 2 {
		half = append(half, fmt.Sprintf("machine-many%d.scope", 2*n))
	}
	run(t, "timeout", append([]string{"60", "systemctl", "stop"}, half...)...)
	eventually(t, func() error {
		if got := len(strings.Fields(run(t, "berthctl", "list", "--name"))); got != many/2 {
			return fmt.Errorf("%d are left", got)
		}
		return nil
	})
	each("destroy", func(n int) error {
		if n%2 == 0 {
			return nil
		}
		p, err := c.ByName(ctx, path(n))
		if err != nil {
			return err
		}
		return c.Destroy(ctx, p)
	})
	if got := machines(t); len(got) > 0 {
		t.Errorf("%d machines are left", len(got))
	}
}
