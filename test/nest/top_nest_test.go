//go:build nest

package nest

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// trio starts a container that works, one that sleeps, and defines one that is off.
func trio(t *testing.T) {
	t.Helper()
	script(t, "busy", "while :; do :; done").start(t)
	sleeper(t, "idle").start(t)
	sleeper(t, "off").define(t)
}

// busyFirst reports whether the container that works is the first row, with a share of the processors.
func busyFirst(text string) bool {
	return regexp.MustCompile(`(?m)NAME *\n +\d+ +R .* [1-9]\d*\.\d .* busy$`).MatchString(text)
}

// TestTop: on a terminal the table is in order, follows keys, the window's size and a daemon that is killed, and ends
// with q.
func TestTop(t *testing.T) {
	clean(t)
	trio(t)
	w := newWindow(t, 100, 20)
	before := w.settled("before")
	w.types("berthctl top -d 0.3; echo status=$?", "Enter")
	w.is("not by processors", busyFirst)
	text := w.shows("3 domains, 2 active, 2 running, 0 paused, 1 inactive")
	for _, row := range []string{`(?m)^ +\d+ +R .* idle$`, `(?m)^ +- +O .* off$`} {
		if !regexp.MustCompile(row).MatchString(text) {
			t.Errorf("no row %s:\n%s", row, text)
		}
	}
	w.types("N")
	w.is("not by name", func(text string) bool { return regexp.MustCompile(`(?s) busy\n.* idle\n.* off$`).MatchString(text) })
	w.types("a")
	w.is("off is not left out", func(text string) bool { return !strings.Contains(text, " off") && strings.Contains(text, " idle") })
	w.types("/", "bus", "Enter")
	w.is("not filtered", func(text string) bool { return !strings.Contains(text, " idle") && strings.Contains(text, " busy") })
	w.types("Escape")
	w.shows(" idle")
	w.types("f")
	w.shows("space shows or hides one")
	w.types("Down", "Down", "Down", "Down", "Space", "Enter")
	w.shows("RDRQ")
	w.tmux("resize-window", "-x", "40", "-y", "9")
	w.is("not resized", func(text string) bool { return strings.Contains(text, "NAME") && !strings.Contains(text, "TIME") })
	run(t, "systemctl", "kill", "-s", "KILL", "berthd")
	w.is("not after a kill", func(text string) bool { return strings.Contains(text, " busy") && strings.Contains(text, " idle") })
	w.types("q")
	text = w.ended()
	if !strings.Contains(text, "\nstatus=0\n") || strings.Contains(text, "RDBY") {
		t.Errorf("after q:\n%s", text)
	}
	if after := w.settled("after"); after != before {
		t.Errorf("the terminal is %s, and was %s", after, before)
	}
}

// TestTopWithoutAnswer: while berthd does not answer, the keys work, and the table goes on afterwards.
func TestTopWithoutAnswer(t *testing.T) {
	clean(t)
	trio(t)
	w := newWindow(t, 100, 20)
	w.types("berthctl top -d 0.3", "Enter")
	w.is("no table", busyFirst)
	run(t, "systemctl", "kill", "-s", "STOP", "berthd")
	defer try(t, "systemctl", "kill", "-s", "CONT", "berthd")
	w.types("h")
	w.shows("Any key goes back.")
	w.types("x")
	w.is("no table after the help", busyFirst)
	run(t, "berthctl", "version", "--help")
	run(t, "systemctl", "kill", "-s", "CONT", "berthd")
	run(t, "berthctl", "destroy", "busy")
	w.shows("3 domains, 1 active")
	w.types("C-c")
	w.shows("prompt>")
}

// TestTopEnds: a terminal that is not known is an error, and one that is known is as it was after each signal that ends
// top, and while it is stopped.
func TestTopEnds(t *testing.T) {
	clean(t)
	sleeper(t, "idle").start(t)
	w := newWindow(t, 80, 12)
	before := w.settled("before")
	for _, term := range []string{"", "dumb", "nosuch"} {
		w.types("TERM="+term+" berthctl top; echo status=$?", "Enter")
		if text := w.ended(); !strings.Contains(text, "error: terminal \""+term+"\": ") || !strings.Contains(text, "\nstatus=1\n") {
			t.Errorf("TERM=%s:\n%s", term, text)
		}
		w.settled("afterTERM" + term)
	}
	for _, signal := range []string{"TERM", "INT", "HUP", "QUIT"} {
		w.types("berthctl top; echo status=$?", "Enter")
		w.shows(" idle")
		run(t, "sh", "-c", "kill -"+signal+" $(pidof berthctl)")
		if text := w.ended(); !strings.Contains(text, "error: interrupted\nstatus=1\n") {
			t.Errorf("%s:\n%s", signal, text)
		}
		if after := w.settled("after" + signal); after != before {
			t.Errorf("after %s the terminal is %s, and was %s", signal, after, before)
		}
	}
	for n, stop := range []func(){
		func() { w.types("C-z") },
		func() { run(t, "sh", "-c", "kill -TSTP $(pidof berthctl)") },
		func() { run(t, "sh", "-c", "kill -STOP $(pidof berthctl)") },
	} {
		w.types("berthctl top", "Enter")
		w.shows(" idle")
		stop()
		w.shows("prompt>")
		if after := w.settled("stopped" + strconv.Itoa(n)); n < 2 && after != before {
			t.Errorf("while it is stopped, the terminal is %s, and was %s", after, before)
		}
		w.types("fg", "Enter")
		w.shows(" idle")
		w.types("q")
		if after := w.settled("continued" + strconv.Itoa(n)); after != before {
			t.Errorf("after a stop the terminal is %s, and was %s", after, before)
		}
	}
}

// TestTopBatch: what batch output says of a container that works is a share of the processors, and CSV has it in
// numbers.
func TestTopBatch(t *testing.T) {
	clean(t)
	trio(t)
	if text := run(t, "berthctl", "top", "-b", "-n", "2", "-d", "0.5"); strings.Count(text, "3 domains, 2 active") != 2 || !busyFirst(text) {
		t.Errorf("batch:\n%s", text)
	}
	rows := strings.Split(run(t, "berthctl", "top", "--csv", "-n", "1", "-d", "0.5", "--columns", "cpus,name,memory,tasks"), "\n")
	if len(rows) != 4 || rows[0] != "clock,cpus,memory_bytes,tasks,name" {
		t.Fatalf("CSV:\n%s", strings.Join(rows, "\n"))
	}
	fields := strings.Split(rows[1], ",")
	used, err := strconv.ParseFloat(fields[1], 64)
	if err != nil || used < 0.001 || used > 1.2 || fields[4] != "busy" {
		t.Errorf("the container that works: %v", fields)
	}
}

// ended waits until the shell says the status of what it ran.
func (w *window) ended() string {
	w.t.Helper()
	return w.is("no status", regexp.MustCompile(`(?m)^status=\d\nprompt>`).MatchString)
}
