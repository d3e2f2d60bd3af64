package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestAuditOfTakenOver: a container whose daemon is killed between its init and its note has the records of its start
// once or twice, never none, also if it ends before the next daemon begins, and one that was noted gets no second one.
// One whose init never ran has failed to start, and has no end.
func TestAuditOfTakenOver(t *testing.T) {
	t.Parallel()
	const failed, stop = "start web reason=booted res=failed", "stop web reason=shutdown"
	begun := []string{"start web reason=booted supervisor=102", "init web supervisor=102 leader=103 ns=4026530103"}
	late := []string{begun[0], "init web supervisor=102 leader=103"} // whose namespace is gone
	for name, tc := range map[string]struct {
		point string
		ended bool // before the next daemon begins
		want  []string
	}{
		"before init":              {"start init", false, []string{failed}},
		"before the scope":         {"start scope", false, []string{failed}},
		"before the record":        {"start start record", false, begun},
		"before the note":          {"start running", false, slices.Concat(begun, begun)},
		"after the note":           {"start done", false, begun},
		"before the record, ended": {"start start record", true, slices.Concat(late, []string{stop})},
		"before the note, ended":   {"start running", true, slices.Concat(begun, late, []string{stop})},
		"after the note, ended":    {"start done", true, slices.Concat(begun, []string{stop})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				u, _ := life(t, w, tc.point, dies(w))
				if tc.ended {
					w.exits[u.String()] = End{Known: true, Exit: Exit{Kind: ExitExited}}
					w.supervisors[u.String()].finish(End{})
				}
				s := next(t, w)
				if diff := cmp.Diff(append([]string{"resources web def=true"}, tc.want...), w.takeAudit()); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
				_ = s.Destroy(context.Background(), u)
				synctest.Wait()
			})
		})
	}
}

// TestAuditOfUnreadableNote: a container whose note cannot be used has no record of a start with each daemon that
// begins.
func TestAuditOfUnreadableNote(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		first, u := running(t, w)
		w.kill(first)
		w.takeAudit()
		w.runs[u] = SavedRun{Run{UUID: u}, errUnreadable}
		next(t, w)
		s := next(t, w)
		if got := w.takeAudit(); got != nil {
			t.Errorf("%q", got)
		}
		if err := s.Destroy(context.Background(), u); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"stop web reason=destroyed"}, w.takeAudit()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

// TestAuditOfStuckStart: a failed start whose processes do not end has one record, that it failed, or one of its end if
// init has run.
func TestAuditOfStuckStart(t *testing.T) {
	t.Parallel()
	for point, want := range map[string]string{"start init": "start web reason=booted res=failed", "start done": "stop web reason=failed"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				_, err := life(t, w, point, func(*Service) error {
					w.mu.Lock()
					defer w.mu.Unlock()
					w.fault = "cgroup.End"
					return errFault
				})
				if !errors.Is(err, errFault) {
					t.Errorf("start: %v", err)
				}
				w.mu.Lock()
				w.fault = ""
				w.mu.Unlock()
				time.Sleep(attachPause)
				synctest.Wait()
				var ends []string
				for _, line := range w.takeAudit() {
					if strings.HasPrefix(line, "stop") || strings.Contains(line, "failed") {
						ends = append(ends, line)
					}
				}
				if diff := cmp.Diff([]string{want}, ends); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
			})
		})
	}
}
