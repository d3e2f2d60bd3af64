//go:build vm

package vm

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// hog takes more than 64 MiB, and is killed for it.
const hog = "dd if=/dev/zero of=/dev/null bs=100M count=1; true"

// listen returns the signals of berthd's events, as texts. A test that waits for one in vain fails.
func listen(t testing.TB) (next func() string) {
	t.Helper()
	bus, err := dbus.ConnectSystemBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bus.Close() })
	if err := bus.AddMatchSignal(dbus.WithMatchInterface("org.berth1.Manager")); err != nil {
		t.Fatal(err)
	}
	signals := make(chan *dbus.Signal, 100)
	bus.Signal(signals)
	return func() string {
		t.Helper()
		select {
		case s := <-signals:
			details, _ := s.Body[len(s.Body)-1].(map[string]dbus.Variant)
			name := s.Name[strings.LastIndex(s.Name, ".")+1:]
			if name == "Lifecycle" {
				return fmt.Sprint(details["name"].Value(), " ", s.Body[1], " ", s.Body[2])
			}
			return fmt.Sprint(details["name"].Value(), " ", name, " ", s.Body[1], " ", details["process"].Value(), " ", details["pid"].Value())
		case <-time.After(patience):
			return "no signal"
		}
	}
}

// expect checks the next events: each is a regular expression.
func expect(t testing.TB, next func() string, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := next(); !regexp.MustCompile("^" + w + "$").MatchString(got) {
			t.Fatalf("the event is %q, want %q", got, w)
		}
	}
}

// journal returns the lines of berthd about OOM kills of a container.
func journal(t testing.TB, name string) string {
	t.Helper()
	return try(t, "journalctl", "--unit=berthd", "--boot", "--output=cat", "--priority=warning", "--grep=out of memory.*domain="+name+" ").Out
}

// TestOOMIsTold: an OOM kill in a container is told as an event, a property and a line of the journal, with the count
// and the process. The next berthd tells what was killed while none ran, and nothing else.
func TestOOMIsTold(t *testing.T) {
	g := guest{Name: "told", More: "<memory unit='MiB'>64</memory>"}
	next := listen(t)
	g.start(t)
	expect(t, next, "told defined added", "told started booted")
	g.says(t, hog)
	expect(t, next, `told OOMKill 1 dd \d+`)
	run(t, "systemctl", "stop", "berthd")
	g.says(t, hog)
	g.says(t, hog)
	if got := run(t, "berthctl", "domstate", "--reason", "told"); got != "running (booted)" {
		t.Errorf("it is %s", got)
	}
	expect(t, next, `told OOMKill 3 dd \d+`)
	run(t, "systemctl", "restart", "berthd")
	if got := run(t, "berthctl", "dominfo", "told"); !regexp.MustCompile(`(?m)^OOM kills: +3$`).MatchString(got) {
		t.Errorf("dominfo: %s", got)
	}
	got := journal(t, "told")
	for _, want := range []string{"oom_kills=1 process=dd pid=", "oom_kills=3 process=dd pid="} {
		if strings.Count(got, want) != 1 || strings.Count(got, "\n") != 1 {
			t.Errorf("the journal has not %q once: %s", want, got)
		}
	}
	run(t, "berthctl", "destroy", "told")
	expect(t, next, "told stopped destroyed")
}

// TestInitOOMIsTold: an init that was killed at the limit has the reason oom, with a berthd and without one; on_crash
// has its effect. An init that somebody else killed has not, whatever was killed before.
func TestInitOOMIsTold(t *testing.T) {
	const greedy = "sleep 3; exec dd if=/dev/zero of=/dev/null bs=100M count=1"
	state := func(want string) func() string {
		return func() string {
			if got := run(t, "berthctl", "domstate", "--reason", "init"); got != want {
				return "it is " + got
			}
			return ""
		}
	}
	guestOf := func(init, more string) *guest {
		return &guest{Name: "init", More: "<memory unit='MiB'>64</memory>" + more, Init: init}
	}
	t.Run("with berthd", func(t *testing.T) {
		next := listen(t)
		guestOf(greedy, "").start(t)
		expect(t, next, "init defined added", "init started booted", `init OOMKill 1 dd \d+`, "init stopped failed")
		until(t, state("shut off (oom)"))
		run(t, "systemctl", "restart", "berthd")
		until(t, state("shut off (oom)"))
	})
	t.Run("without berthd", func(t *testing.T) {
		next := listen(t)
		g := guestOf(greedy, mapped)
		g.start(t)
		leader := g.leader(t)
		run(t, "systemctl", "stop", "berthd")
		until(t, func() string { return try(t, "sh", "-c", "! [ -d /proc/"+leader+" ] || echo init lives").Out })
		until(t, state("shut off (oom)"))
		expect(t, next, "init defined added", "init started booted", `init OOMKill 1 (dd \d+|<nil> <nil>)`, "init stopped failed")
	})
	t.Run("restart", func(t *testing.T) {
		next := listen(t)
		guestOf(greedy, "<on_crash>restart</on_crash>").start(t)
		expect(t, next, "init defined added", "init started booted", `init OOMKill 1 dd \d+`, "init stopped failed", "init started booted")
	})
	t.Run("killed by another", func(t *testing.T) {
		next := listen(t)
		g := guestOf("exec sleep 1000", "")
		g.start(t)
		g.says(t, hog)
		expect(t, next, "init defined added", "init started booted", `init OOMKill 1 dd \d+`)
		run(t, "kill", "-9", g.leader(t))
		expect(t, next, "init stopped failed")
		until(t, state("shut off (failed)"))
	})
}

// TestOOMFloodIsBounded: a container whose processes are killed without an end gets a few messages, which count all of
// them.
func TestOOMFloodIsBounded(t *testing.T) {
	g := guest{Name: "flood", More: "<memory unit='MiB'>32</memory>", Init: "while :; do dd if=/dev/zero of=/dev/null bs=60M count=1 2&gt; /dev/null; done"}
	g.start(t)
	time.Sleep(40 * time.Second)
	lines := strings.Split(journal(t, "flood"), "\n")
	if len(lines) < 3 || len(lines) > 7 {
		t.Errorf("%d lines in the journal: %q", len(lines), lines)
	}
	if kills := run(t, "sed", "-n", "s/^oom_kill //p", g.group(t)+"/memory.events"); len(kills) < 2 {
		t.Errorf("the test shows nothing: %s kills", kills)
	}
}
