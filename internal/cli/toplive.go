package cli

import (
	"context"
	"os/signal"
	"syscall"
	"time"

	"github.com/berthd/berth/internal/screen"
	"github.com/berthd/berth/internal/top"
)

// firstSeconds is the time until the second look at most: rates need two.
const firstSeconds = 0.5

// live is the table on a terminal. Only the goroutine of the screen touches the view; the looks are made beside it, so
// that the keys work while berthd does not answer.
type live struct {
	view  *top.View
	again chan struct{} // a look is wanted at once
}

// Lines implements screen.Program.
func (l *live) Lines(width, height int) []screen.Line {
	lines := l.view.Lines(width, height)
	out := make([]screen.Line, len(lines))
	for i, line := range lines {
		out[i] = screen.Line{Text: line.Text, Style: map[top.Style]screen.Style{
			top.Head: screen.Reverse, top.Notice: screen.Bold, top.Chosen: screen.Reverse,
		}[line.Style]}
	}
	return out
}

// Press implements screen.Program.
func (l *live) Press(key string) bool {
	switch l.view.Press(top.Key(key)) {
	case top.Quit:
		return true
	case top.Refresh:
		select {
		case l.again <- struct{}{}:
		default: // one is wanted already
		}
	}
	return false
}

// live shows the table on the terminal until the user ends it.
func (w *watcher) live(ctx context.Context, view *top.View) error {
	ctx, cancel := signal.NotifyContext(ctx, syscall.SIGHUP, syscall.SIGQUIT) // the others end ctx anyway
	l := &live{view: view, again: make(chan struct{}, 1)}
	work, over := make(chan func()), make(chan struct{})
	go func() {
		defer close(over)
		w.follow(ctx, l, work)
	}()
	err := screen.Run(ctx, l, work)
	cancel()
	<-over
	return err
}

// follow makes one look after the other, and hands each to the screen.
func (w *watcher) follow(ctx context.Context, l *live, work chan<- func()) {
	do := func(f func()) bool {
		select {
		case work <- f:
			return true
		case <-ctx.Done():
			return false
		}
	}
	defer func() {
		if v := recover(); v != nil {
			do(func() { panic(v) }) // where the terminal is given back first
		}
	}()
	after := w.After
	if after == nil {
		after = time.After
	}
	for round := 0; ; round++ {
		type wish struct {
			needs top.Kinds
			every float64
		}
		wished := make(chan wish, 1)
		if !do(func() { wished <- wish{l.view.Needs(), l.view.Seconds()} }) {
			return
		}
		wanted := <-wished
		begun := time.Now()
		look, err := w.look(ctx, wanted.needs, time.TimeOnly)
		entered := do(func() {
			if err != nil {
				l.view.Fail(w.sentence(err))
				return
			}
			l.view.See(look)
		})
		if !entered {
			return
		}
		if round == 0 {
			wanted.every = min(wanted.every, firstSeconds)
		}
		select {
		case <-after(seconds(wanted.every) - time.Since(begun)):
		case <-l.again:
		case <-ctx.Done():
			return
		}
	}
}
