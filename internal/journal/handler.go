// Package journal writes log records in the form that journald reads from a standard error.
package journal

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strconv"
	"sync"
)

// handler writes each record as one line with the prefix <N>, from which journald takes the priority
// (sd-daemon(3)). journald adds the time itself.
type handler struct {
	mu   *sync.Mutex
	w    io.Writer
	line *bytes.Buffer
	text slog.Handler // writes to line
}

// NewHandler returns a handler that writes records of level and above to w, each in one write.
func NewHandler(w io.Writer, level slog.Leveler) slog.Handler {
	line := new(bytes.Buffer)
	return &handler{mu: new(sync.Mutex), w: w, line: line, text: slog.NewTextHandler(line, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
				return slog.Attr{}
			}
			return a
		},
	})}
}

func (h *handler) Enabled(ctx context.Context, l slog.Level) bool {
	return h.text.Enabled(ctx, l)
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.line.Reset()
	h.line.WriteString("<" + strconv.Itoa(priority(r.Level)) + ">")
	if err := h.text.Handle(ctx, r); err != nil {
		return err
	}
	_, err := h.w.Write(h.line.Bytes())
	return err
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.text = h.text.WithAttrs(attrs)
	return &c
}

func (h *handler) WithGroup(name string) slog.Handler {
	c := *h
	c.text = h.text.WithGroup(name)
	return &c
}

// priority returns syslog's number for a level (syslog(3)).
func priority(l slog.Level) int {
	switch {
	case l >= slog.LevelError:
		return 3
	case l >= slog.LevelWarn:
		return 4
	case l >= slog.LevelInfo:
		return 6
	}
	return 7
}
