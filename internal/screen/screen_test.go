package screen

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gdamore/tcell/v2"
)

// page is a program that tells the keys that it got, and ends with q.
type page struct{ typed chan string }

func (p *page) Lines(int, int) []Line {
	return []Line{{"Größe 名前 é", Plain}, {"second", Reverse}, {"x\x1b[2J", Bold}}
}

func (p *page) Press(key string) bool {
	p.typed <- key
	return key == "q"
}

// text returns a line of a screen.
func text(s tcell.SimulationScreen, y int) string {
	cells, width, _ := s.GetContents()
	var b strings.Builder
	for _, c := range cells[y*width : (y+1)*width] {
		b.WriteString(string(c.Runes))
	}
	return strings.TrimRight(b.String(), " \x00")
}

// TestRun: a program gets the keys by their names, and what it shows is on the screen, cut at the edge.
func TestRun(t *testing.T) {
	t.Parallel()
	s, p := tcell.NewSimulationScreen("UTF-8"), &page{typed: make(chan string)}
	begun, over := make(chan func()), make(chan error)
	go func() { over <- run(t.Context(), s, p, begun) }()
	begun <- func() { s.SetSize(8, 3) }
	begun <- func() { // it has drawn by now
		if got := text(s, 0); got != "Größe 名" {
			t.Errorf("the first line is %q", got)
		}
		if got := text(s, 2); got != "x\uFFFD[2J" {
			t.Errorf("a name controls the terminal: %q", got)
		}
	}
	for _, k := range []struct {
		key  tcell.Key
		r    rune
		want string
	}{
		{tcell.KeyUp, 0, "up"},
		{tcell.KeyRune, 'ß', "ß"},
		{tcell.KeyEnter, 0, "enter"},
		{tcell.KeyBackspace2, 0, "backspace"},
		{tcell.KeyCtrlC, 0, "^C"},
		{tcell.KeyPgDn, 0, "page down"},
		{tcell.KeyRune, 'q', "q"},
	} {
		s.InjectKey(tcell.KeyF5, 0, tcell.ModNone) // nobody wants it
		s.InjectKey(k.key, k.r, tcell.ModNone)
		if got := <-p.typed; got != k.want {
			t.Errorf("key %v: %q, want %q", k.key, got, k.want)
		}
	}
	if err := <-over; err != nil {
		t.Error(err)
	}
}

// TestWork: work is done between two drawings, and the end of the context ends the program with its cause.
func TestWork(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	work, done, over := make(chan func()), make(chan bool, 1), make(chan error)
	go func() { over <- run(ctx, tcell.NewSimulationScreen("UTF-8"), &page{}, work) }()
	work <- func() { done <- true }
	<-done
	cancel(errors.New("enough"))
	if err := <-over; err == nil || err.Error() != "enough" {
		t.Error(err)
	}
}

// TestTerminalIsGone: a terminal that fails ends the program with its error.
func TestTerminalIsGone(t *testing.T) {
	t.Parallel()
	s, over := tcell.NewSimulationScreen("UTF-8"), make(chan error)
	work := make(chan func())
	go func() { over <- run(t.Context(), s, &page{}, work) }()
	work <- func() {
		if err := s.PostEvent(tcell.NewEventError(errors.New("hung up"))); err != nil {
			t.Error(err)
		}
	}
	if err := <-over; err == nil || err.Error() != "terminal: hung up" {
		t.Error(err)
	}
}
