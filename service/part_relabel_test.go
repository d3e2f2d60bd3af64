package service

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

const relabels = "<seclabel relabel='yes'/>"

// TestRelabel: with relabel='yes' the root, the directories that the container may write to and its images have its
// label while it runs, and not a moment longer. Without it nothing is asked.
func TestRelabel(t *testing.T) {
	t.Parallel()
	w := labelled()
	s := w.service(t)
	const more = `<filesystem><source dir='/srv/data'/><target dir='/data'/></filesystem>` +
		`<filesystem><source dir='/srv/shared'/><target dir='/shared'/><readonly/></filesystem>` +
		`<filesystem type='file'><source file='/srv/web.img'/><target dir='/mnt'/></filesystem>`
	snap, err := s.Define(t.Context(), bytes.Replace(xmlOf("web", relabels), []byte("<devices>"), []byte("<devices>"+more), 1))
	if err != nil {
		t.Fatal(err)
	}
	u := snap.UUID
	if err := s.Start(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	const label = "u:o:file_t:s0:c0,c1"
	want := []Tree{{Path: "/srv/web", Label: label}, {Path: "/srv/data", Label: label}, {Path: "/srv/web.img", Label: label, Image: true}}
	if diff := cmp.Diff(want, w.trees[u]); diff != "" || !w.runs[u].Run.Relabelled {
		t.Errorf("trees, noted %v:\n%s", w.runs[u].Run.Relabelled, diff)
	}
	if err := s.Destroy(t.Context(), u); err != nil || len(w.trees) > 0 {
		t.Errorf("after the end: %v, %v", w.trees, err)
	}
	w.onCall("trees.Relabel", func() { t.Error("a container without relabel='yes' was relabelled") })
	w.onCall("trees.Restore", func() { t.Error("a container without relabel='yes' was restored") })
	other := define(t, s, "db", "<seclabel/>")
	if err := errors.Join(s.Start(t.Context(), other), s.Destroy(t.Context(), other)); err != nil {
		t.Error(err)
	}
}

// TestRelabelShared: a tree that another running container uses is not relabelled, and the error names the element.
func TestRelabelShared(t *testing.T) {
	t.Parallel()
	w := labelled()
	s, _ := running(t, w)
	snap, err := s.Define(t.Context(), bytes.Replace(xmlOf("db", relabels), []byte("/srv/db"), []byte("/srv/web"), 1))
	if err != nil {
		t.Fatal(err)
	}
	err = s.Start(t.Context(), snap.UUID)
	wrong, ok := errors.AsType[*domain.Error](err)
	if !ok || wrong.Element != "domain/devices/filesystem[1]/source" || !strings.Contains(wrong.Text, "another running container") {
		t.Errorf("%v", err)
	}
}

// TestRelabelTakesLong: a relabelling may take longer than a start otherwise, its progress is shown, and the other
// steps have their time after it.
func TestRelabelTakesLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := labelled()
		s := w.service(t)
		u := define(t, s, "web", relabels)
		w.onCall("trees.Relabel", func() { time.Sleep(time.Hour) })
		var shown uint64
		w.onCall("scopes.Start", func() { time.Sleep(startTimeout / 2) })
		w.onCall("observer.Changed", func() {
			if snap, _ := s.ByUUID(u); snap.RelabelProgress > shown {
				shown = snap.RelabelProgress
			}
		})
		if err := s.Start(context.Background(), u); err != nil {
			t.Error(err)
		}
		if snap, _ := s.ByUUID(u); snap.RelabelProgress != 0 || shown != 1 {
			t.Errorf("%d files were shown, and %d afterwards", shown, snap.RelabelProgress)
		}
		if err := s.Destroy(context.Background(), u); err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
}

// TestAbortJob: a caller can see and end a relabelling; the start fails, and nothing is left. Without one that is an
// error.
func TestAbortJob(t *testing.T) {
	t.Parallel()
	w := labelled()
	s := w.service(t)
	u := define(t, s, "web", relabels)
	var state *StateError
	if err := s.AbortJob(t.Context(), u); !errors.As(err, &state) {
		t.Errorf("without a job: %v", err)
	}
	w.onCall("trees.Relabel", func() {
		if job, err := s.Job(u); err != nil || job.Kind != JobRelabel || !job.Abortable || job.Elapsed < 0 {
			t.Errorf("relabelling: %+v, %v", job, err)
		}
		if err := s.AbortJob(t.Context(), u); err != nil {
			t.Error(err)
		}
	})
	w.onCall("trees.Restore", func() {
		if job, err := s.Job(u); err != nil || job.Kind != JobRestore || job.Abortable {
			t.Errorf("restoring: %+v, %v", job, err)
		}
	})
	err := s.Start(t.Context(), u)
	if step, ok := errors.AsType[*StartError](err); !ok || step.Step != "relabel" || !errors.Is(err, errAborted) {
		t.Errorf("start: %v", err)
	}
	if left := w.left(); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	if job, err := s.Job(u); err != nil || job != (Job{}) {
		t.Errorf("afterwards: %+v, %v", job, err)
	}
	w.onCall("trees.Relabel", func() {})
	if err := s.Start(t.Context(), u); err != nil {
		t.Error(err)
	}
	if err := s.AbortJob(t.Context(), u); !errors.As(err, &state) {
		t.Errorf("while it runs: %v", err)
	}
}

// TestRestorePending: labels of a run that the host's last boot has left behind, of a container that is known or not,
// are restored by the first daemon, before the container can start again.
func TestRestorePending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := labelled()
		s := w.service(t)
		u := define(t, s, "web", relabels)
		w.trees[u], w.trees[domain.UUID{1}] = []Tree{{Path: "/srv/web"}}, []Tree{{Path: "/srv/gone"}}
		s, announce := again(t, w)
		if s.Busy() != 2 || s.Active() != 0 {
			t.Errorf("busy with %d, %d on", s.Busy(), s.Active())
		}
		started := make(chan error, 1)
		go func() { started <- s.Start(context.Background(), u) }()
		synctest.Wait()
		if len(started) > 0 || len(w.units) > 0 {
			t.Error("it was started before its labels were restored")
		}
		w.onCall("trees.Restore", func() { time.Sleep(time.Hour) })
		announce()
		if err := <-started; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if len(w.trees) != 1 || s.Busy() != 1 {
			t.Errorf("left %v, busy with %d", w.trees, s.Busy())
		}
		w.onCall("trees.Restore", func() {})
		if err := s.Destroy(context.Background(), u); err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
}
