package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// lines takes what is written, and counts how often: a line must go in one write, or two processes'
// lines mix.
type lines struct {
	text   strings.Builder
	writes int
}

func (l *lines) Write(p []byte) (int, error) {
	l.writes++
	return l.text.Write(p)
}

// TestJournal: a message is one line in one write, with its priority before it. A line break in a
// value makes no second line.
func TestJournal(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		log  func(*slog.Logger)
		want string
	}{
		"info":           {func(l *slog.Logger) { l.Info("started", "domain", "web") }, "<6>msg=started domain=web\n"},
		"warning":        {func(l *slog.Logger) { l.Warn("two words") }, "<4>msg=\"two words\"\n"},
		"error":          {func(l *slog.Logger) { l.Error("x", "err", errors.New("open /x: no")) }, "<3>msg=x err=\"open /x: no\"\n"},
		"between levels": {func(l *slog.Logger) { l.Log(t.Context(), slog.LevelError+2, "x") }, "<3>msg=x\n"},
		"a line break":   {func(l *slog.Logger) { l.Info("a\n<0>b", "k", "c\nd") }, "<6>msg=\"a\\n<0>b\" k=\"c\\nd\"\n"},
		"attributes":     {func(l *slog.Logger) { l.With("domain", "web").Info("x", "n", 1) }, "<6>msg=x domain=web n=1\n"},
		"a group": {
			func(l *slog.Logger) { l.WithGroup("g").Info("x", "level", 1, "time", 2) }, "<6>msg=x g.level=1 g.time=2\n",
		},
		"more than a warning": {func(l *slog.Logger) { l.Log(t.Context(), slog.LevelInfo+2, "x") }, "<5>msg=x\n"},
		"a message's id":      {func(l *slog.Logger) { l.Info("x", MessageID, "12", "k", 1) }, "<6>msg=x k=1\n"},
		"below the level":     {func(l *slog.Logger) { l.Debug("x") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out lines
			tc.log(slog.New(NewHandler(&out, slog.LevelInfo)))
			if got := out.text.String(); got != tc.want || out.writes != strings.Count(tc.want, "\n") {
				t.Errorf("got %q in %d writes, want %q", got, out.writes, tc.want)
			}
		})
	}
}

// TestJournalLevelChanges: a level that is set while the daemon runs counts for loggers that exist.
func TestJournalLevelChanges(t *testing.T) {
	t.Parallel()
	var out lines
	h := NewHandler(&out, slog.LevelInfo)
	log := slog.New(h).With("k", "v")
	log.Debug("before")
	if err := h.SetLevel("debug"); err != nil {
		t.Fatal(err)
	}
	log.Debug("after")
	if got := out.text.String(); got != "<7>msg=after k=v\n" {
		t.Errorf("got %q", got)
	}
}

// TestJournalFromManySides: no line is lost or mixed when loggers that were made from each other
// write at once.
func TestJournalFromManySides(t *testing.T) {
	t.Parallel()
	var out lines
	log := slog.New(NewHandler(&out, slog.LevelInfo))
	var all sync.WaitGroup
	const writers, each = 8, 100
	for w := range writers {
		mine := log.With("writer", w)
		all.Go(func() {
			for i := range each {
				mine.Info("x", "i", i)
			}
		})
	}
	all.Wait()
	got := map[string]bool{}
	for line := range strings.Lines(out.text.String()) {
		got[line] = true
	}
	for w := range writers {
		for i := range each {
			if line := fmt.Sprintf("<6>msg=x writer=%d i=%d\n", w, i); !got[line] {
				t.Fatalf("%q is not among the lines", line)
			}
		}
	}
}
