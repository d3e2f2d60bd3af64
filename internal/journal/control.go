package journal

import (
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/coreos/go-systemd/v22/journal"
)

// The targets of a log, by systemd's names.
//
//nolint:gochecknoglobals // constants whose addresses are taken
var (
	toJournal = "journal"
	toConsole = "console" // the standard error
	toNull    = "null"
)

// levels are those of syslog(3) from the most important one on, by systemd's names.
//
//nolint:gochecknoglobals // a table of constants
var levels = [...]struct {
	name  string
	level slog.Level
}{
	{"emerg", slog.LevelError + 12},
	{"alert", slog.LevelError + 8},
	{"crit", slog.LevelError + 4},
	{"err", slog.LevelError},
	{"warning", slog.LevelWarn},
	{"notice", slog.LevelInfo + 2},
	{"info", slog.LevelInfo},
	{"debug", slog.LevelDebug},
}

// control is what can change while the daemon runs.
type control struct {
	level  slog.LevelVar
	target atomic.Pointer[string]
}

// Level returns the least level that is written, by systemd's name.
func (h *Handler) Level() string { return levels[priority(h.out.level.Level())].name }

// SetLevel changes the level, for all handlers that were made of one another. It returns an error if the name is none
// of systemd's.
func (h *Handler) SetLevel(name string) error {
	for _, l := range levels {
		if l.name == name {
			h.out.level.Set(l.level)
			return nil
		}
	}
	return fmt.Errorf("there is no log level %q: emerg, alert, crit, err, warning, notice, info or debug", name)
}

// SetLeast changes the level to one of slog's.
func (h *Handler) SetLeast(l slog.Level) { h.out.level.Set(l) }

// Target returns where records go: journal, console or null.
func (h *Handler) Target() string { return *h.out.target.Load() }

// SetTarget changes where records go. It returns an error if it is none that Target may return.
func (h *Handler) SetTarget(name string) error {
	for _, known := range []*string{&toJournal, &toConsole, &toNull} {
		if *known == name {
			h.out.target.Store(known)
			return nil
		}
	}
	return fmt.Errorf("there is no log target %q: journal, console or null", name)
}

// priority returns syslog's number for a level: that of the least important name that is not below it.
func priority(l slog.Level) journal.Priority {
	for n := len(levels) - 1; n > 0; n-- {
		if l < levels[n-1].level {
			return journal.Priority(n)
		}
	}
	return journal.PriEmerg
}
