//go:build nest

package nest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	stormLength    = 60 * time.Second
	stormCallers   = 8
	stormStrikers  = 4
	stormWitnesses = 10
	// An order may wait for a stop that takes its time, for systemd's timeout of 90 s when the bus is killed,
	// and for another one behind it.
	orderPatience = 3 * time.Minute
	// What the next daemon, systemd and machined may need to put everything right.
	calm = 2 * time.Minute
)

// storm is one run: what it is made from, and what it has told so far.
type storm struct {
	seed   uint64
	length time.Duration
	kinds  []fault
	files  string
	begin  time.Time

	mutex  sync.Mutex
	told   []string // orders and faults as they ended
	orders int
	doubts map[string]bool // the containers that the census has found something wrong with
	met    map[string]int  // how often each kind of fault met somebody
	hung   []string
}

// newStorm reads STORM (its length), SEED and KINDS (the faults by name).
func newStorm(t *testing.T) *storm {
	t.Helper()
	s := &storm{seed: rand.Uint64N(1_000_000), length: stormLength, met: map[string]int{}, doubts: map[string]bool{}}
	var err error
	if text := os.Getenv("STORM"); text != "" {
		if s.length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	if text := os.Getenv("SEED"); text != "" {
		if s.seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	if s.kinds, err = chosenFaults(os.Getenv("KINDS")); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestStorm: whatever befalls a host and whoever calls, each container is known and running, or known and
// off, at the end; nothing is left over; and who was not meant is not hurt.
func TestStorm(t *testing.T) {
	s := newStorm(t)
	fmt.Printf("storm: STORM=%v SEED=%d KINDS='%s'\n", s.length, s.seed, os.Getenv("KINDS"))
	clean(t)
	configure(t, "[Container]\nStopTimeoutSec=3s\n")
	unlimit(t, "dbus.service", "dbus.socket", "systemd-machined.service")
	s.files = stormGuests(t, stormWitnesses)
	t.Cleanup(s.sweep)
	for n := range stormSize {
		run(t, "berthctl", "define", stormFile(s.files, n, 0))
	}
	before := testify(t, s.files, stormWitnesses)
	mounted := mounts(t, 0)
	t.Cleanup(func() { s.tell(t) })

	uptime, _, _ := strings.Cut(run(t, "cat", "/proc/uptime"), " ")
	fmt.Printf("storm: it begins at %s by the journal's clock\n", uptime)
	s.rage()
	dial.forget()
	connect.forget()
	for _, order := range s.hung {
		t.Errorf("not answered within %v: %s", orderPatience, order)
	}
	s.census(t, mounted)
	for _, change := range unchanged(t, before) {
		t.Errorf("a witness: %s", change)
	}
	s.obey(t)
	for _, change := range unchanged(t, before) {
		t.Errorf("a witness, later: %s", change)
	}
}

// unlimit lifts the start limits that a storm would reach: units that are refused a start say nothing
// about Berth. That of berthd.service is lifted by the rig.
func unlimit(t *testing.T, units ...string) {
	t.Helper()
	for _, unit := range units {
		dir := "/run/systemd/system/" + unit + ".d"
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		text := "[Unit]\nStartLimitIntervalSec=0\n"
		if strings.HasSuffix(unit, ".socket") {
			text += "[Socket]\nTriggerLimitIntervalSec=0\n"
		}
		if err := os.WriteFile(dir+"/storm.conf", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
	}
	run(t, "systemctl", "daemon-reload")
}

// rage has the callers and the strikers do what they do until the time is over, and waits for them.
func (s *storm) rage() {
	ctx, cancel := context.WithTimeout(context.Background(), s.length)
	defer cancel()
	s.begin = time.Now()
	var all sync.WaitGroup
	for caller := range stormCallers {
		all.Go(func() {
			for next := orders(s.seed, caller, s.files); ; {
				o := next()
				if await(ctx, o.wait); ctx.Err() != nil {
					return
				}
				s.call(caller, o)
			}
		})
	}
	for striker := range stormStrikers {
		if len(s.kinds) == 0 {
			break
		}
		all.Go(func() {
			for next := blows(s.seed, striker, s.kinds); ; {
				b := next()
				if await(ctx, b.wait); ctx.Err() != nil {
					return
				}
				at := time.Since(s.begin)
				whom := b.strike(ctx)
				s.note(at, fmt.Sprintf("striker %d: %s %s (%v): %s", striker, b.name, b.container, b.hold, whom))
				s.mutex.Lock()
				if whom != nobody {
					s.met[b.name]++
				}
				s.mutex.Unlock()
			}
		})
	}
	all.Wait()
}

// call carries out one order. Most answers are right at some time, so that only silence is wrong.
func (s *storm) call(caller int, o order) {
	limited, cancel := context.WithTimeout(context.Background(), orderPatience)
	defer cancel()
	at := time.Since(s.begin)
	out, err := exec.CommandContext(limited, o.command[0], o.command[1:]...).CombinedOutput()
	answer := "ok"
	if err != nil {
		answer = err.Error() + ": " + strings.ReplaceAll(strings.TrimSpace(string(out)), "\n", " | ")
	}
	took := time.Since(s.begin) - at
	line := fmt.Sprintf("caller %d: %s: %v, %s", caller, o, took.Round(time.Millisecond), answer)
	s.note(at, line)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.orders++
	if errors.Is(limited.Err(), context.DeadlineExceeded) {
		s.hung = append(s.hung, line)
	}
}

func (s *storm) note(at time.Duration, line string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.told = append(s.told, fmt.Sprintf("%9.3f %s", at.Seconds(), line))
}

// sweep ends what is left, so that a storm that failed does not fail every test after it.
func (s *storm) sweep() {
	for n := range stormSize {
		for _, verb := range []string{"destroy", "undefine"} {
			limited, cancel := context.WithTimeout(context.Background(), patience)
			_ = exec.CommandContext(limited, "berthctl", verb, stormName(n)).Run() // most are gone
			cancel()
		}
	}
}
