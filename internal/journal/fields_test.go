package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"syscall"
	"testing"

	"github.com/coreos/go-systemd/v22/journal"
	"github.com/google/go-cmp/cmp"
)

// entry is a record as the journal gets it.
type entry struct {
	text     string
	priority journal.Priority
	fields   map[string]string
}

// journaled returns a handler whose target is a journal, which fails with *fault, and what the journal has got.
func journaled(t *testing.T, out *lines, fault *error) (*Handler, *[]entry) {
	t.Helper()
	var got []entry
	h := NewHandler(out, slog.LevelInfo)
	h.out.send = func(text string, p journal.Priority, fields map[string]string) error {
		if *fault == nil {
			got = append(got, entry{text, p, fields})
		}
		return *fault
	}
	if err := h.SetTarget("journal"); err != nil {
		t.Fatal(err)
	}
	return h, &got
}

// web is a container, as package service names it.
type web struct{ unit string }

func (w web) LogValue() slog.Value {
	return slog.GroupValue(slog.String("domain", "web"), slog.String("uuid", "0-1"), slog.String("machine", "web"), slog.String("unit", w.unit))
}

// TestFields: a record in the journal has the fields of its container, of its message and of the error of the kernel,
// and its text has the rest.
func TestFields(t *testing.T) {
	t.Parallel()
	all := map[string]string{
		"SYSLOG_IDENTIFIER": "berthd", "CONTAINER_NAME": "web", "CONTAINER_UUID": "0-1", "MACHINE": "web", "OBJECT_SYSTEMD_UNIT": "machine-web.scope",
	}
	with := func(more ...string) map[string]string {
		c := map[string]string{}
		maps.Copy(c, all)
		for i := 0; i < len(more); i += 2 {
			c[more[i]] = more[i+1]
		}
		return c
	}
	who := slog.Any("", web{"machine-web.scope"})
	plain := map[string]string{"SYSLOG_IDENTIFIER": "berthd"}
	for name, tc := range map[string]struct {
		log  func(*slog.Logger)
		want entry
	}{
		"no attributes": {func(l *slog.Logger) { l.Info("ready") }, entry{"ready", 6, plain}},
		"a container":   {func(l *slog.Logger) { l.Info("started", who) }, entry{"started: domain=web uuid=0-1", 6, all}},
		"a message": {
			func(l *slog.Logger) { l.Warn("oom", who, MessageID, "ab", "kills", 2) },
			entry{"oom: domain=web uuid=0-1 kills=2", 4, with("MESSAGE_ID", "ab")},
		},
		"an error of the kernel": {
			func(l *slog.Logger) { l.Error("x", "err", fmt.Errorf("open: %w", syscall.EPERM)) },
			entry{`x: err="open: operation not permitted"`, 3, map[string]string{"SYSLOG_IDENTIFIER": "berthd", "ERRNO": "1"}},
		},
		"another error": {func(l *slog.Logger) { l.Error("x", "err", errors.New("no")) }, entry{"x: err=no", 3, plain}},
		"of With":       {func(l *slog.Logger) { l.With(who).Info("x", "op", "stop") }, entry{"x: domain=web uuid=0-1 op=stop", 6, with("OPERATION", "stop")}},
		"in a group":    {func(l *slog.Logger) { l.WithGroup("g").Info("x", "domain", "web") }, entry{"x: g.domain=web", 6, plain}},
		"a line break":  {func(l *slog.Logger) { l.Info("a\nb", "k", "c\nd") }, entry{"a\nb: k=\"c\\nd\"", 6, plain}},
		"one that is off": {
			func(l *slog.Logger) { l.Info("x", slog.Any("", web{})) },
			entry{"x: domain=web uuid=0-1", 6, map[string]string{"SYSLOG_IDENTIFIER": "berthd", "CONTAINER_NAME": "web", "CONTAINER_UUID": "0-1", "MACHINE": "web"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out lines
			var fault error
			h, got := journaled(t, &out, &fault)
			tc.log(slog.New(h))
			if diff := cmp.Diff([]entry{tc.want}, *got, cmp.AllowUnexported(entry{})); diff != "" || out.writes > 0 {
				t.Errorf("%d writes (-want +got):\n%s", out.writes, diff)
			}
		})
	}
}

// TestNoJournal: a record that the journal does not take goes to the standard error.
func TestNoJournal(t *testing.T) {
	t.Parallel()
	var out lines
	fault := error(syscall.ENOENT)
	h, got := journaled(t, &out, &fault)
	slog.New(h).Warn("x", "k", 1)
	if text := out.text.String(); text != "<4>msg=x k=1\n" || len(*got) > 0 {
		t.Errorf("%q, %v", text, *got)
	}
}

// TestControl: level and target are what was set last by a name of systemd's, and no other name changes them.
func TestControl(t *testing.T) {
	t.Parallel()
	var out lines
	h := NewHandler(&out, slog.LevelWarn)
	if h.Level() != "warning" || h.Target() != "console" {
		t.Errorf("at first %s to %s", h.Level(), h.Target())
	}
	for _, l := range levels {
		if err := h.SetLevel(l.name); err != nil || h.Level() != l.name {
			t.Errorf("SetLevel(%s): %v, and it is %s", l.name, err, h.Level())
		}
	}
	for _, target := range []string{"journal", "null", "console"} {
		if err := h.SetTarget(target); err != nil || h.Target() != target {
			t.Errorf("SetTarget(%s): %v, and it is %s", target, err, h.Target())
		}
	}
	for _, name := range []string{"", "Debug", "warn", "error", "7", "kmsg"} {
		if h.SetLevel(name) == nil || h.SetTarget(name) == nil || h.Level() != "debug" || h.Target() != "console" {
			t.Errorf("%q changed it: %s to %s", name, h.Level(), h.Target())
		}
	}
}

// TestNull: with the target null nothing is written.
func TestNull(t *testing.T) {
	t.Parallel()
	var out lines
	h := NewHandler(&out, slog.LevelInfo)
	if err := h.SetTarget("null"); err != nil {
		t.Fatal(err)
	}
	slog.New(h).Error("x")
	if out.writes > 0 {
		t.Errorf("%q", out.text.String())
	}
}
