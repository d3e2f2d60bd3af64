//go:build vm

package vm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// pairStorm starts and ends small containers, several at a time, out of few pairs of categories, while berthd is
// killed.
type pairStorm struct {
	t      testing.TB
	root   string
	starts int

	mu     sync.Mutex
	begun  int               // starts that succeeded
	has    map[string]string // the container that has a label, or "another process"
	killed chan struct{}     // a start asks for a kill of berthd
}

// newPairStorm reads STARTS, the number of starts. A start takes nearly half a second in the virtual machine.
func newPairStorm(t testing.TB) *pairStorm {
	s := &pairStorm{t: t, starts: 100, has: map[string]string{}, killed: make(chan struct{}, pairKills)}
	if text := os.Getenv("STARTS"); text != "" {
		s.starts = number(text)
	}
	return s
}

const (
	pairWorkers = 4
	pairsEach   = 5  // containers of a worker that run at the same time
	pairKills   = 5  // in the whole storm
	pairsInAll  = 28 // of the categories c0 to c7, the fewest that berthd takes
)

// TestPairsOverKills: of 100 starts of dynamic containers (STARTS=500 for more) no two have the same pair at one time,
// though 20 containers run at once out of 28 pairs, other processes have some of these, several start at once, and
// berthd is killed in between. When no pair is left, a start says so, and the pair of a container that ends is the next
// one's.
func TestPairsOverKills(t *testing.T) {
	fewPairs(t)
	others := []string{"s0:c0,c1", "s0:c2,c5", "s0:c6,c7"}
	s := newPairStorm(t)
	for _, level := range others {
		label := process + level
		startOther(t, label)
		s.has[label] = "another process"
	}
	g := &guest{Name: "pairs", More: dynamic}
	g.define(t) // for its root
	run(t, "chcon", "-R", content+"s0", g.root)
	s.root = g.root

	begin := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range s.killed {
			s.kill()
		}
	}()
	var workers sync.WaitGroup
	for n := range pairWorkers {
		workers.Go(func() { s.work(n) })
	}
	workers.Wait()
	close(s.killed)
	<-done
	t.Logf("%d starts in %v", s.begun, time.Since(begin).Round(time.Second))
	s.look()
	s.untilNoneIsLeft(pairsInAll - len(others) - pairWorkers*pairsEach)
}

// fewPairs runs berthd with the fewest categories that it takes, until the test's end.
func fewPairs(t testing.TB) {
	t.Helper()
	const dropIn = "/run/systemd/system/berthd.service.d/labels.conf"
	restart := func() {
		run(t, "systemctl", "daemon-reload")
		run(t, "systemctl", "restart", "berthd.service")
	}
	if err := os.MkdirAll(filepath.Dir(dropIn), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dropIn, []byte("[Service]\nSELinuxContext=system_u:system_r:berthd_t:s0-s0:c0.c7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.Remove(dropIn)
		restart()
	})
	restart()
}

// work starts its containers one after the other, and again and again: a container that runs is ended first.
func (s *pairStorm) work(n int) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*patience)
	defer cancel()
	c, err := client.Connect(ctx)
	if err != nil {
		s.t.Error(err)
		return
	}
	defer func() { _ = c.Close() }()
	var list []*pairGuest
	for i := range pairsEach {
		g := s.define(ctx, c, fmt.Sprintf("pairs-%d-%d", n, i))
		if g == nil {
			return
		}
		list = append(list, g)
	}
	for i := 0; ; i = (i + 1) % pairsEach {
		s.mu.Lock()
		enough := s.begun >= s.starts && list[i].label != ""
		s.mu.Unlock()
		if enough || s.t.Failed() {
			return
		}
		if err := s.again(ctx, list[i]); err != nil {
			s.t.Errorf("%s: %v", list[i].name, err)
			return
		}
	}
}

// pairGuest is a container of the storm, and the label that it has.
type pairGuest struct {
	*client.Client
	name, label string
	path        client.Path
}

// define defines a container until the test's end. It returns nil if the test has failed.
func (s *pairStorm) define(ctx context.Context, c *client.Client, name string) *pairGuest {
	path, err := c.Define(ctx, "<domain type='lxc'><name>"+name+"</name>"+dynamic+
		"<os><type>exe</type><init>/bin/sleep</init><initarg>100000</initarg></os><devices>"+
		"<filesystem type='mount'><source dir='"+s.root+"'/><target dir='/'/></filesystem></devices></domain>")
	if err != nil {
		s.t.Error(err)
		return nil
	}
	s.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		c, err := client.Connect(ctx)
		if err == nil {
			_ = c.Destroy(ctx, path)
			err = errors.Join(c.Undefine(ctx, path), c.Close())
		}
		if err != nil {
			s.t.Error(err)
		}
	})
	return &pairGuest{Client: c, name: name, path: path}
}

// again ends a container, if it runs, and starts it. The calls that a kill of berthd has failed are made again.
func (s *pairStorm) again(ctx context.Context, g *pairGuest) error {
	s.mu.Lock()
	delete(s.has, g.label)
	g.label = ""
	s.mu.Unlock()
	for {
		err := g.Destroy(ctx, g.path)
		if err == nil || client.NameOf(err) == contract.ErrorNotRunning {
			err = g.Start(ctx, g.path)
		}
		if err == nil {
			break
		}
		if ctx.Err() != nil || !strings.Contains(client.NameOf(err), "org.freedesktop.DBus.Error.") {
			return err
		}
	}
	return s.started(ctx, g)
}

// started notes the label of a container that has been started, and wants a kill now and then.
func (s *pairStorm) started(ctx context.Context, g *pairGuest) error {
	info, err := g.Info(ctx, g.path)
	for err != nil && ctx.Err() == nil && strings.Contains(client.NameOf(err), "org.freedesktop.DBus.Error.") {
		info, err = g.Info(ctx, g.path)
	}
	if err != nil {
		return err
	}
	label, err := readLabel(fmt.Sprint(info.Leader))
	if err != nil || label != info.SecurityLabel {
		return fmt.Errorf("init has %s, and the property is %s: %w", label, info.SecurityLabel, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if who, twice := s.has[label]; twice {
		return fmt.Errorf("it has %s, and so has %s", label, who)
	}
	s.has[label], g.label = g.name, label
	s.begun++
	if each := s.starts / pairKills; s.begun%each == 0 && s.begun < s.starts {
		s.killed <- struct{}{}
	}
	return nil
}

// kill kills berthd, and looks at all processes at once.
func (s *pairStorm) kill() {
	pid := run(s.t, "systemctl", "show", "berthd.service", "--property=MainPID", "--value")
	if pid != "0" {
		if err := syscall.Kill(number(pid), syscall.SIGKILL); err != nil {
			s.t.Error(err)
		}
	}
	s.look()
}

// look reads the labels of all processes: each container is one process. A pair that is seen twice counts if both
// processes still have it afterwards.
func (s *pairStorm) look() {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		s.t.Error(err)
	}
	seen := map[string]string{}
	for _, dir := range dirs {
		pid := filepath.Base(dir)
		label, err := readLabel(pid)
		if err != nil || !pair.MatchString(label) {
			continue
		}
		if first, twice := seen[label]; twice {
			if again, err := readLabel(first); err == nil && again == label {
				s.t.Errorf("the processes %s and %s have %s", first, pid, label)
			}
		}
		seen[label] = pid
	}
}

// readLabel is the label of a process.
func readLabel(pid string) (string, error) {
	text, err := os.ReadFile("/proc/" + pid + "/attr/current")
	return strings.TrimRight(string(text), "\x00\n"), err
}

// untilNoneIsLeft starts as many containers as there are pairs left, and one more.
func (s *pairStorm) untilNoneIsLeft(left int) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	c, err := client.Connect(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	var last, more *pairGuest
	for n := range left + 1 {
		last, more = more, s.define(ctx, c, fmt.Sprint("pairs-more-", n))
		if more == nil {
			return
		}
		if n < left {
			if err := s.again(ctx, more); err != nil {
				s.t.Fatalf("%s: %v", more.name, err)
			}
		}
	}
	if err := s.again(ctx, more); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("all %d pairs of categories", pairsInAll)) {
		s.t.Errorf("with none left: %v", err)
	}
	freed := last.label
	delete(s.has, freed)
	if err := errors.Join(last.Destroy(ctx, last.path), s.again(ctx, more)); err != nil || more.label != freed {
		s.t.Errorf("with %s left: %s, %v", freed, more.label, err)
	}
}

// startOther starts a process with a label that is not of berthd, until the test's end.
func startOther(t testing.TB, label string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "busybox")
	run(t, "cp", "/bin/busybox", file)
	run(t, "chcon", content+"s0", file)
	other := exec.Command("runcon", label, file, "sleep", "100000")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	})
	until(t, func() string {
		if got := labelOf(t, fmt.Sprint(other.Process.Pid)); got != label {
			return "it has " + got
		}
		return ""
	})
}
