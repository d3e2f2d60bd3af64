package screen

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"unicode"

	"github.com/gdamore/tcell/v2"
)

// Style is how a line looks.
type Style uint8

// The styles.
const (
	Plain Style = iota
	Reverse
	Bold
)

// Line is a line of the screen. It is cut at the edge.
type Line struct {
	Text  string
	Style Style
}

// Program is what is on the screen. Its methods are called by the goroutine of Run.
type Program interface {
	Lines(width, height int) []Line
	// Press takes a key: a character, or its name. It returns true to end.
	Press(key string) bool
}

// Run shows a program on the terminal of this process until it ends. It calls what comes by work in the goroutine in
// which it calls the program, and draws anew after that. It returns the cause if ctx ends, and an error if the terminal
// cannot be used or is gone.
func Run(ctx context.Context, p Program, work <-chan func()) error {
	s, err := tcell.NewScreen()
	if err != nil {
		return fmt.Errorf("terminal %q: %w", os.Getenv("TERM"), err)
	}
	return run(ctx, s, p, work)
}

func run(ctx context.Context, s tcell.Screen, p Program, work <-chan func()) error {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTSTP, syscall.SIGCONT) // before it is raw
	defer signal.Stop(signals)
	if err := s.Init(); err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	defer s.Fini() // also after a panic, whose text can be read then
	events, over := make(chan tcell.Event, 1), make(chan struct{})
	go s.ChannelEvents(events, over)
	defer close(over)
	draw(s, p)
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case do := <-work:
			do()
		case sig := <-signals:
			if err := suspend(s, sig); err != nil {
				return err
			}
			if sig == syscall.SIGTSTP {
				continue // the shell has the terminal until SIGCONT comes
			}
		case e, ok := <-events:
			if !ok {
				return nil
			}
			end, err := take(s, e, p)
			if end || err != nil {
				return err
			}
		}
		draw(s, p)
	}
}

// suspend gives the terminal back and stops the process, or takes the terminal again. After SIGSTOP too, a shell has
// made the terminal its own.
func suspend(s tcell.Screen, sig os.Signal) error {
	if err := s.Suspend(); err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	if sig == syscall.SIGTSTP {
		return syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	}
	if err := s.Resume(); err != nil {
		return fmt.Errorf("terminal: %w", err)
	}
	s.Sync()
	return nil
}

// take handles an event. It returns true if the program ends.
func take(s tcell.Screen, e tcell.Event, p Program) (end bool, err error) {
	switch e := e.(type) {
	case *tcell.EventResize:
		s.Sync()
	case *tcell.EventError:
		return true, fmt.Errorf("terminal: %w", e)
	case *tcell.EventKey:
		if e.Key() == tcell.KeyCtrlZ {
			return false, syscall.Kill(0, syscall.SIGTSTP) // as the terminal does when it is not raw
		}
		if key := name(e); key != "" {
			return p.Press(key), nil
		}
	}
	return false, nil
}

// name returns the character of a key, or what it is called. It returns "" for one that no program wants.
func name(e *tcell.EventKey) string {
	if e.Key() == tcell.KeyRune {
		return string(e.Rune())
	}
	names := map[tcell.Key]string{
		tcell.KeyUp: "up", tcell.KeyDown: "down", tcell.KeyPgUp: "page up", tcell.KeyPgDn: "page down", tcell.KeyHome: "home", tcell.KeyEnd: "end",
		tcell.KeyEnter: "enter", tcell.KeyEscape: "escape", tcell.KeyBackspace: "backspace", tcell.KeyBackspace2: "backspace", tcell.KeyCtrlC: "^C",
	}
	return names[e.Key()]
}

// visible replaces a character that the terminal would obey.
func visible(r rune) rune {
	if unicode.IsControl(r) {
		return unicode.ReplacementChar
	}
	return r
}

func draw(s tcell.Screen, p Program) {
	styles := map[Style]tcell.Style{Reverse: tcell.StyleDefault.Reverse(true), Bold: tcell.StyleDefault.Bold(true)}
	s.Clear()
	width, height := s.Size()
	for y, line := range p.Lines(width, height) {
		s.PutStrStyled(0, y, strings.Map(visible, line.Text), styles[line.Style])
	}
	s.Show()
}
