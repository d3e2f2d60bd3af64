// Package journal writes log records to the journal with their fields, or in the form that journald reads from a
// standard error.
//
// It owns the level and the target of the log, which can change while the daemon runs. A record goes out in one write,
// in the goroutine that made it. Without a journal nothing is lost: the record goes to the standard error.
package journal

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/coreos/go-systemd/v22/journal"
)

// Handler writes records to its target. To the journal it sends the text and the fields (sd_journal_send(3)). To the
// console it writes each record as one line with the prefix <N>, from which journald takes the priority (sd-daemon(3)).
type Handler struct {
	out    *output
	text   slog.Handler // writes to out.line, for the console
	rest   slog.Handler // the same without the message and without what the journal has as fields
	fields []field      // of With
	nested bool         // in a group, whose attributes are no fields
}

// output is what all handlers that were made of one another share.
type output struct {
	control
	mu   sync.Mutex
	w    io.Writer
	line bytes.Buffer
	send func(text string, priority journal.Priority, fields map[string]string) error
}

// New returns a handler for the standard error of a service. Its target is the journal if the standard error is.
func New() *Handler {
	h := NewHandler(os.Stderr, slog.LevelInfo)
	if is, err := journal.StderrIsJournalStream(); err == nil && is {
		h.out.target.Store(&toJournal)
	}
	return h
}

// NewHandler returns a handler that writes records of level and above to w, each in one write.
func NewHandler(w io.Writer, level slog.Level) *Handler {
	o := &output{w: w, send: journal.Send}
	o.level.Set(level)
	o.target.Store(&toConsole)
	return &Handler{out: o, text: o.texts(hideAlways), rest: o.texts(hideFields)}
}

// texts returns a handler that writes to line and leaves attributes out.
func (o *output) texts(hidden func(key string) bool) slog.Handler {
	return slog.NewTextHandler(&o.line, &slog.HandlerOptions{
		Level: &o.level,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && hidden(a.Key) {
				return slog.Attr{}
			}
			return a
		},
	})
}

func hideAlways(key string) bool {
	return key == slog.TimeKey || key == slog.LevelKey || key == MessageID
}

func hideFields(key string) bool {
	return hideAlways(key) || key == slog.MessageKey || key == "machine" || key == "unit"
}

// Enabled reports whether records of a level are written.
func (h *Handler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.out.level.Level() }

// Handle writes a record.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	switch *h.out.target.Load() {
	case toNull:
		return nil
	case toJournal:
		if h.toJournal(ctx, r) == nil {
			return nil
		}
	}
	h.out.line.Reset()
	h.out.line.WriteString("<" + strconv.Itoa(int(priority(r.Level))) + ">")
	if err := h.text.Handle(ctx, r); err != nil {
		return err
	}
	_, err := h.out.w.Write(h.out.line.Bytes())
	return err
}

// toJournal sends a record with its fields. The caller holds mu.
func (h *Handler) toJournal(ctx context.Context, r slog.Record) error {
	h.out.line.Reset()
	if err := h.rest.Handle(ctx, r); err != nil {
		return err
	}
	text := r.Message
	if rest := strings.TrimSpace(h.out.line.String()); rest != "" {
		text += ": " + rest
	}
	return h.out.send(text, priority(r.Level), h.fieldsOf(r))
}

// WithAttrs returns a handler that adds attributes to each record.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.text, c.rest = h.text.WithAttrs(attrs), h.rest.WithAttrs(attrs)
	if !h.nested {
		c.fields = append(slices.Clip(c.fields), fieldsIn(attrs)...)
	}
	return &c
}

// WithGroup returns a handler that puts a name before the keys of all attributes that follow.
func (h *Handler) WithGroup(name string) slog.Handler {
	c := *h
	c.text, c.rest = h.text.WithGroup(name), h.rest.WithGroup(name)
	c.nested = c.nested || name != ""
	return &c
}
