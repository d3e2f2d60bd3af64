package service

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
)

// withOOM has a running container on a host that counts OOM kills, and the journal.
func withOOM(t *testing.T, more ...string) (*world, *Service, domain.UUID, *bytes.Buffer) {
	t.Helper()
	w := newWorld()
	w.oom.counts = true
	s, u := running(t, w, more...)
	journal := new(bytes.Buffer)
	s.Log = slog.New(slog.NewTextHandler(journal, nil))
	synctest.Wait()
	w.takeEvents()
	return w, s, u, journal
}

// TestOOMKill: an OOM kill is an event, a property and a line of the journal with the count of the run, and with the
// process if the kernel has named one that was not told before. The container goes on.
func TestOOMKill(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, s, u, journal := withOOM(t)
		w.oom.kill(Victim{Process: "dd", PID: 7, At: "1.5"})
		synctest.Wait()
		time.Sleep(time.Hour)
		w.oom.kill(Victim{Process: "dd", PID: 7, At: "1.5"}) // the kernel has not named this one
		synctest.Wait()
		if diff := cmp.Diff([]string{"web oom-kill/ 1 dd[7]", "web oom-kill/ 2"}, w.takeEvents()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		for _, want := range []string{"domain=web uuid=" + u.String() + " machine=web unit=web.scope message_id=" + contract.MessageOOM + " oom_kills=1 process=dd pid=7\n", "oom_kills=2\n"} {
			if !strings.Contains(journal.String(), want) {
				t.Errorf("no %q in %s", want, journal)
			}
		}
		if snap, _ := s.ByUUID(u); snap.State != StateRunning || snap.OOMKills != 2 || w.runs[u].Run.OOMKills != 2 {
			t.Errorf("it is %s with %d kills, %d in the note", snap.State, snap.OOMKills, w.runs[u].Run.OOMKills)
		}
		if err := s.Destroy(context.Background(), u); err != nil {
			t.Fatal(err)
		}
		if err := s.Start(context.Background(), u); err != nil {
			t.Fatal(err)
		}
		if snap, _ := s.ByUUID(u); snap.OOMKills != 0 {
			t.Errorf("the next run begins with %d kills", snap.OOMKills)
		}
		w.supervisors[u.String()].finish(End{})
		synctest.Wait()
	})
}

// TestOOMFlood: of a container whose processes are killed again and again, about one message a minute is sent, and the
// last has the count of all. After two quiet minutes a kill is told at once.
func TestOOMFlood(t *testing.T) {
	t.Parallel()
	for name, every := range map[string]time.Duration{"fast": 50 * time.Millisecond, "slow": 1100 * time.Millisecond, "slower": 5 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, s, u, journal := withOOM(t)
				for begin := time.Now(); time.Since(begin) < time.Hour; time.Sleep(every) {
					w.oom.kill(Victim{})
				}
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				told := w.takeEvents()
				if n := len(told); n < 60 || n > 66 || strings.Count(journal.String(), "\n") != n {
					t.Errorf("%d messages in an hour, in the journal %d", n, strings.Count(journal.String(), "\n"))
				}
				if want := fmt.Sprintf("web oom-kill/ %d", w.oom.kills); told[len(told)-1] != want {
					t.Errorf("the last says %q, want %q", told[len(told)-1], want)
				}
				w.oom.kill(Victim{})
				synctest.Wait()
				if told := w.takeEvents(); len(told) != 1 {
					t.Errorf("after a quiet time: %q", told)
				}
				_ = s.Destroy(context.Background(), u)
			})
		})
	}
}

// TestMemoryEvents: events of memory that are no kills are told to nobody, and cost two looks a second at most.
func TestMemoryEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, s, u, journal := withOOM(t)
		for begin := time.Now(); time.Since(begin) < time.Minute; time.Sleep(10 * time.Millisecond) {
			w.oom.count()
		}
		synctest.Wait()
		if told := w.takeEvents(); len(told) > 0 || journal.Len() > 0 {
			t.Errorf("told: %q, %s", told, journal)
		}
		if w.oom.looks > 125 {
			t.Errorf("%d looks in a minute", w.oom.looks)
		}
		_ = s.Destroy(context.Background(), u)
	})
}

// TestOOMWhileAway: the next daemon tells what was killed while none was there, and does not tell again what was told.
func TestOOMWhileAway(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		away int // kills meanwhile
		want []string
	}{"none": {0, []string{"web >running/booted"}}, "two": {2, []string{"web >running/booted", "web oom-kill/ 3"}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, first, u, _ := withOOM(t)
				w.oom.kill(Victim{})
				synctest.Wait()
				w.kill(first)
				w.takeEvents()
				for range tc.away {
					w.oom.kill(Victim{})
				}
				s, announce := again(t, w)
				announce()
				synctest.Wait()
				if diff := cmp.Diff(tc.want, w.takeEvents()); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
				if snap, _ := s.ByUUID(u); snap.OOMKills != w.oom.kills {
					t.Errorf("%d kills, want %d", snap.OOMKills, w.oom.kills)
				}
				_ = s.Destroy(context.Background(), u)
			})
		})
	}
}

// outOfMemory is the end of an init that was the second process that the kernel killed.
func outOfMemory() End {
	return End{Known: true, Exit: Exit{Kind: ExitKilled, Code: int32(syscall.SIGKILL)}, OOMKills: 2}
}

// TestInitOOM: an init that the kernel killed for want of memory has crashed, and the reason says why, also to the next
// daemon. The kills that nobody has told are told before the end.
func TestInitOOM(t *testing.T) {
	t.Parallel()
	ends := []string{"web oom-kill/ 2", "web stopped/failed", "web >shutoff/oom"}
	for name, tc := range map[string]struct {
		xml    string
		end    End
		spared bool
		want   []string
		reason Reason
	}{
		"on_crash destroy":           {"", outOfMemory(), false, ends, ReasonOOM},
		"on_crash restart":           {"<on_crash>restart</on_crash>", outOfMemory(), false, append(ends[:3:3], "web >starting/booted", "web started/booted", "web >running/booted"), ReasonBooted},
		"killed by somebody":         {"", outOfMemory(), true, []string{"web oom-kill/ 2", "web stopped/failed", "web >shutoff/failed"}, ReasonFailed},
		"exited, and others were so": {"", End{Known: true, Exit: Exit{Kind: ExitExited}, OOMKills: 1}, false, []string{"web oom-kill/ 1", "web stopped/shutdown", "web >shutoff/shutdown"}, ReasonShutdown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, first, u, _ := withOOM(t, tc.xml)
				w.oom.initSpared = tc.spared
				w.supervisors[u.String()].finish(tc.end)
				synctest.Wait()
				if diff := cmp.Diff(tc.want, w.takeEvents()); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
				w.kill(first)
				s, announce := again(t, w)
				announce()
				synctest.Wait()
				snap, _ := s.ByUUID(u)
				if snap.Reason != tc.reason {
					t.Errorf("to the next daemon it is %s/%s", snap.State, snap.Reason)
				}
				if snap.State == StateShutoff && snap.OOMKills != tc.end.OOMKills {
					t.Errorf("to the next daemon %d processes were killed", snap.OOMKills)
				}
				_ = s.Destroy(context.Background(), u)
			})
		})
	}
}

// TestInitOOMWhileAway: of an init that the kernel killed while no daemon was there, the next one tells the same.
func TestInitOOMWhileAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, first, u, _ := withOOM(t)
		w.kill(first)
		w.supervisors[u.String()].finish(End{})
		w.exits[u.String()] = outOfMemory()
		_, announce := again(t, w)
		w.takeEvents()
		announce()
		synctest.Wait()
		if diff := cmp.Diff([]string{"web oom-kill/ 2", "web stopped/failed", "web >shutoff/oom"}, w.takeEvents()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

// TestNoMemoryController: a host that does not count OOM kills is no error, and one that allows no watch is a warning.
// A container runs either way.
func TestNoMemoryController(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault   error
		warning string
	}{
		"no controller": {}, "no watch": {errFault, "OOM kills will not be told"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				s := w.service(t)
				w.oom.err = tc.fault
				journal := new(bytes.Buffer)
				s.Log = slog.New(slog.NewTextHandler(journal, nil))
				snap, err := s.Create(context.Background(), xmlOf("web"))
				synctest.Wait()
				if err != nil || snap.State != StateRunning || !strings.Contains(journal.String(), tc.warning) || tc.warning == "" && journal.Len() > 0 {
					t.Errorf("%s, %v; %s", snap.State, err, journal)
				}
				_ = s.Destroy(context.Background(), snap.UUID)
			})
		})
	}
}
