//go:build nest

package nest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/berthd/berth/internal/client"
)

// crowd is many containers that run at once.
type crowd struct {
	client *client.Client
	root   string
	size   int // MANY, or more than the bus allows connections for one user and match rules for one connection
	took   []time.Duration
}

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	c := &crowd{client: bus(t), root: script(t, "", "trap 'exit 5' TERM; sleep 100000 & wait").Root, size: 700}
	if text := os.Getenv("MANY"); text != "" {
		var err error
		if c.size, err = strconv.Atoi(text); err != nil {
			t.Fatalf("MANY: %v", err)
		}
	}
	c.took = make([]time.Duration, c.size)
	return c
}

func (*crowd) name(n int) string { return fmt.Sprintf("many%d", n) }

// each does something for each container: few at a time, or one after the other.
func (c *crowd) each(t *testing.T, what string, first, last, callers int, do func(n int) error) {
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
	for n := first; n < last; n++ {
		work <- n
	}
	close(work)
	all.Wait()
}

func (c *crowd) create(n int) error {
	g := guest{Name: c.name(n), Root: c.root, Init: "/init"}
	begun := time.Now()
	_, err := c.client.Create(context.Background(), g.xml())
	c.took[n] = time.Since(begun)
	return err
}

// median is the middle of the times of some starts.
func (c *crowd) median(first, last int) time.Duration {
	times := slices.Clone(c.took[first:last])
	slices.Sort(times)
	return times[len(times)/2].Round(10 * time.Microsecond)
}

// systemdOnBus is systemd's unique name on the bus. A systemd that left the bus comes back by another.
func systemdOnBus(t *testing.T) string {
	t.Helper()
	return run(t, "busctl", "call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetNameOwner", "s", "org.freedesktop.systemd1")
}

// listed fails unless berthctl and machinectl list so many containers.
func listed(t *testing.T, want int) {
	t.Helper()
	if got := len(strings.Fields(run(t, "berthctl", "list", "--name"))); got != want {
		t.Errorf("berthctl lists %d, want %d", got, want)
	}
	if got := len(machines(t)); got != want {
		t.Errorf("machined lists %d, want %d", got, want)
	}
}

// timed prints how long something takes.
func timed(what string, do func()) {
	begun := time.Now()
	do()
	fmt.Printf("many: %s: %v\n", what, time.Since(begun).Round(100*time.Microsecond))
}

// TestManyAtOnce: 700 containers run at once (MANY=2000 for more) and survive a restart of berthd. systemd stays
// on the bus, and stops one half of them in order. The other half is destroyed.
func TestManyAtOnce(t *testing.T) {
	clean(t)
	const callers, sample = 8, 25
	c := newCrowd(t)
	before := systemdOnBus(t)
	c.each(t, "create", 0, sample, 1, c.create)
	timed("starts with 8 callers", func() { c.each(t, "create", sample, c.size-sample, callers, c.create) })
	c.each(t, "create", c.size-sample, c.size, 1, c.create)
	fmt.Printf("many: a start: the first %d %v, the last %d %v\n", sample, c.median(0, sample), sample, c.median(c.size-sample, c.size))
	timed("lists of berthctl and machined", func() { listed(t, c.size) })
	timed("GetManagedObjects", func() {
		run(t, "busctl", "call", "org.berth1", "/org/berth1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
	})
	run(t, "systemctl", "stop", "berthd")
	timed("a new berthd, until it answers", func() { run(t, "berthctl", "list") })
	listed(t, c.size)
	var half []string
	for n := 0; n < c.size; n += 2 {
		half = append(half, "machine-"+c.name(n)+".scope")
	}
	timed("systemctl stop of one half", func() { run(t, "timeout", append([]string{"120", "systemctl", "stop"}, half...)...) })
	eventually(t, func() error {
		if got := len(strings.Fields(run(t, "berthctl", "list", "--name"))); got != c.size/2 {
			return fmt.Errorf("%d are left", got)
		}
		return nil
	})
	timed("destroy of the other", func() {
		c.each(t, "destroy", 0, c.size, callers, func(n int) error {
			if n%2 == 0 {
				return nil
			}
			p, err := c.client.ByName(context.Background(), c.name(n))
			if err != nil {
				return err
			}
			return c.client.Destroy(context.Background(), p)
		})
	})
	listed(t, 0)
	if after := systemdOnBus(t); after != before {
		t.Errorf("systemd was %s on the bus, and is %s", before, after)
	}
}

// TestBurst: 400 containers are started at once and destroyed at once, and no call of berthd meets the bus's limit of
// 128 calls without an answer.
func TestBurst(t *testing.T) {
	clean(t)
	const size, clients = 400, 5 // each client stays below the limit, too
	c := newCrowd(t)
	all := func(what string, do func(ctx context.Context, bus *client.Client, n int) error) {
		var calls sync.WaitGroup
		for i := range clients {
			bus, err := client.Connect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer bus.Close()
			for n := i; n < size; n += clients {
				calls.Go(func() {
					if err := do(context.Background(), bus, n); err != nil {
						t.Errorf("%s %d: %v", what, n, err)
					}
				})
			}
		}
		calls.Wait()
	}
	all("create", func(ctx context.Context, bus *client.Client, n int) error {
		_, err := bus.Create(ctx, guest{Name: c.name(n), Root: c.root, Init: "/init"}.xml())
		return err
	})
	listed(t, size)
	all("destroy", func(ctx context.Context, bus *client.Client, n int) error {
		p, err := bus.ByName(ctx, c.name(n))
		if err != nil {
			return err
		}
		return bus.Destroy(ctx, p)
	})
	listed(t, 0)
}
