package service

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func open(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestPassed: a start passes its descriptors in their order, their names are in the note, and a start that names one
// wrongly, or has too many, changes nothing.
func TestPassed(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web")
	null, dir := open(t, os.DevNull), open(t, "/")
	for name, c := range map[string]struct {
		list []Passed
		want string
	}{
		"of a wrong kind": {[]Passed{{"a", null}, {"b", dir}}, "the second of the passed descriptors (b): "},
		"a colon":         {[]Passed{{"a:b", null}}, "the first of the passed descriptors (a:b): the name \"a:b\" has a character other than ASCII, or a colon"},
		"no name":         {[]Passed{{"", dir}}, "the first of the passed descriptors: "},
		"a long name":     {[]Passed{{strings.Repeat("x", 256), null}}, "a name of 256 bytes"},
		"too many":        {make([]Passed, MaxPassed+1), "254 descriptors to pass, the limit is 253"},
	} {
		err := s.StartWith(context.Background(), u, StartOptions{Passed: c.list})
		var passed *PassedError
		if !errors.As(err, &passed) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.StartWith(context.Background(), u, StartOptions{Passed: []Passed{{"http", null}, {"", null}}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"http", "unknown"}, w.runs[u].Run.Passed); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestOrdinal: a place is written as people say it.
func TestOrdinal(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{
		1: "first", 2: "second", 3: "third", 4: "4th", 10: "10th", 11: "11th", 12: "12th", 20: "20th", 21: "21st", 22: "22nd", 33: "33rd",
		101: "101st", 111: "111th", 112: "112th", 253: "253rd",
	} {
		if got := ordinal(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// TestBound: the service that a container was started for is stopped when the container has ended, also by a later
// daemon, but not when it starts again.
func TestBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.service(t)
		u := define(t, s, "web")
		stopped := 0
		w.onCall("scopes.StopService web.service", func() { stopped++ })
		if err := s.StartWith(context.Background(), u, StartOptions{Unit: "web.service"}); err != nil {
			t.Fatal(err)
		}
		w.supervisors[u.String()].finish(End{Known: true, Exit: Exit{Kind: ExitKilled, Code: int32(syscall.SIGHUP)}})
		synctest.Wait()
		if stopped != 0 || w.runs[u].Run.Bound != "web.service" {
			t.Errorf("after a reboot: stopped %d times, bound to %q", stopped, w.runs[u].Run.Bound)
		}
		w.supervisors[u.String()].finish(End{Known: true, Exit: Exit{Kind: ExitExited}})
		synctest.Wait()
		if stopped != 1 {
			t.Errorf("after the end: stopped %d times", stopped)
		}
		if err := s.Start(context.Background(), u); err != nil {
			t.Fatal(err)
		}
		w.supervisors[u.String()].finish(End{Known: true, Exit: Exit{Kind: ExitExited}})
		synctest.Wait()
		if stopped != 1 {
			t.Errorf("after the end of a start without a service: stopped %d times", stopped)
		}
	})
}

// TestPassedAgain: after a reboot from inside, the next run is passed the descriptors that outlived init, with their
// names. A run that is not followed by another closes them.
func TestPassedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end  Exit
		want []string
	}{
		"reboot":   {Exit{Kind: ExitKilled, Code: int32(syscall.SIGHUP)}, []string{"ssh"}},
		"poweroff": {Exit{Kind: ExitKilled, Code: int32(syscall.SIGINT)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				s := w.service(t)
				u := define(t, s, "web")
				null := open(t, os.DevNull)
				if err := s.StartWith(context.Background(), u, StartOptions{Passed: []Passed{{"http", null}, {"ssh", null}}}); err != nil {
					t.Fatal(err)
				}
				kept := open(t, os.DevNull)
				first := w.supervisors[u.String()]
				first.kept = []Kept{{Place: 1, File: kept}}
				first.finish(End{Known: true, Exit: c.end})
				synctest.Wait()
				if _, err := kept.Stat(); !errors.Is(err, os.ErrClosed) {
					t.Errorf("the kept descriptor: %v", err)
				}
				if diff := cmp.Diff(c.want, w.runs[u].Run.Passed); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
				w.supervisors[u.String()].finish(End{Known: true, Exit: Exit{Kind: ExitExited}})
				synctest.Wait()
			})
		})
	}
}
