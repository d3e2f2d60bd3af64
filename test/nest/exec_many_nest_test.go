//go:build nest

package nest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"

	"github.com/berthd/berth/internal/client"
)

// TestExecManyAtOnce: 1,000 commands in 8 containers at once each hand on their own output and status, and leave no
// process, no descriptor and no object behind.
func TestExecManyAtOnce(t *testing.T) {
	clean(t)
	const containers, each = 8, 125
	c, ctx := bus(t), context.Background()
	paths := make([]client.Path, containers)
	for n := range paths {
		g := sleeper(t, fmt.Sprintf("box%d", n))
		if n%2 == 1 {
			g.More = idmap
		}
		g.start(t)
		path, err := c.ByName(ctx, g.Name)
		if err != nil {
			t.Fatal(err)
		}
		paths[n] = path
		if err := status(ctx, c, path, n, 0); err != nil {
			t.Fatal(err)
		}
	}
	sparesReady(t)
	before, objects := held(t, containers)
	var all sync.WaitGroup
	for n, path := range paths {
		all.Go(func() {
			for i := range each {
				if err := status(ctx, c, path, n, i); err != nil {
					t.Errorf("container %d, command %d: %v", n, i, err)
				}
			}
		})
	}
	all.Wait()
	eventually(t, func() error {
		after, now := held(t, containers)
		if after.descriptors > before.descriptors || after.processes > before.processes || now != objects { // there could have been more before
			return fmt.Errorf("before: %+v, objects %s; after: %+v, objects %s", before, objects, after, now)
		}
		return nil
	})
}

// status runs a command that writes its numbers and ends with one of them.
func status(ctx context.Context, c *client.Client, path client.Path, n, i int) (err error) {
	x, err := c.Exec(ctx, path, client.Command{Argv: []string{"sh", "-c", fmt.Sprintf("echo %d %d; exit %d", n, i, i)}})
	if err != nil {
		return err
	}
	text, err := io.ReadAll(x.Ends["stdout"])
	for _, f := range x.Ends {
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return err
	}
	exit, err := c.Wait(ctx, x.Process)
	if want := fmt.Sprintf("%d %d\n", n, i); err == nil && (string(text) != want || exit.Code != int32(i) || exit.Kind != "exited") {
		err = fmt.Errorf("it wrote %q and ended with %+v", text, exit)
	}
	return err
}

// holding is what commands can leave: descriptors of berthd and of the supervisors, and the containers' processes.
type holding struct{ descriptors, processes int }

// held counts it, and lists the objects of commands.
func held(t *testing.T, containers int) (h holding, objects string) {
	t.Helper()
	h.descriptors = len(descriptors(t, daemon(t)))
	for n := range containers {
		i := info(t, fmt.Sprintf("box%d", n))
		fds, err := os.ReadDir(proc(keeperOf(i), "fd"))
		if err != nil {
			t.Fatal(err)
		}
		h.descriptors += len(fds)
		for _, group := range cgroups(t, i.ControlGroup) {
			h.processes += len(members(t, group))
		}
	}
	return h, run(t, "busctl", "--list", "tree", "org.berth1")
}
