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

// TestManyAtOnce: 400 containers run at once, more than the bus has connections for one user.
func TestManyAtOnce(t *testing.T) {
	clean(t)
	const many, callers = 400, 8
	root := busybox(t)
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
		g := guest{Name: path(n), Root: root, Init: "/bin/sleep", Args: "<initarg>100000</initarg>"}
		_, err := c.Create(ctx, g.xml())
		return err
	})
	if got := len(strings.Fields(run(t, "berthctl", "list", "--name"))); got != many {
		t.Errorf("%d are listed", got)
	}
	if got := len(machines(t)); got != many {
		t.Errorf("%d are registered", got)
	}
	each("destroy", func(n int) error {
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
