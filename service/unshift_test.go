package service

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

const shiftedBy = "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='200000' count='65536'/></idmap>"

// TestUnshift: the root of a container that is off is taken back by the ids of the container, or by those that the
// caller names, with a job that can be aborted; there is no job afterwards.
func TestUnshift(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web", shiftedBy)
	w.onCall("trees.Unshift", func() {
		if job, err := s.Job(u); err != nil || job.Kind != JobUnshift || !job.Abortable {
			t.Errorf("the job is %+v, %v", job, err)
		}
	})
	for from, want := range map[uint32]uint32{0: 100000, 300000: 300000} {
		out, err := s.Unshift(t.Context(), u, UnshiftOptions{From: from})
		if err != nil || out.Path != "/srv/web" || out.From != want {
			t.Errorf("from %d: %+v, %v", from, out, err)
		}
	}
	if job, err := s.Job(u); err != nil || job.Kind != "" {
		t.Errorf("afterwards the job is %+v, %v", job, err)
	}
	w.onCall("trees.Unshift", func() {
		if err := s.AbortJob(t.Context(), u); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.Unshift(t.Context(), u, UnshiftOptions{}); !errors.Is(err, errAborted) || !strings.Contains(err.Error(), "2 files have their plain owners, others not yet") {
		t.Errorf("aborted: %v", err)
	}
}

// TestUnshiftRefused: nothing is taken back of a container that is on, of one with an image or the host's root as its
// own, or of a tree that another container uses.
func TestUnshiftRefused(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, web := running(t, w)
	if _, ok := errors.AsType[*StateError](failed(s.Unshift(t.Context(), web, UnshiftOptions{From: 100000}))); !ok {
		t.Error("a container that is on is taken back")
	}
	image, err := s.Define(t.Context(), bytes.Replace(xmlOf("image"), []byte("<filesystem><source dir="), []byte("<filesystem type='file'><source file="), 1))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		err  error
		says string
	}{
		"an image":       {failed(s.Unshift(t.Context(), image.UUID, UnshiftOptions{From: 100000})), "/srv/image is not taken back to plain owners: the container's root is an image"},
		"used by others": {failed(s.UnshiftPath(t.Context(), "/srv/web", UnshiftOptions{From: 100000})), "another running container"},
		"no path":        {failed(s.UnshiftPath(t.Context(), "srv", UnshiftOptions{From: 100000})), "srv is not taken back to plain owners: the path is not absolute"},
	} {
		if _, ok := errors.AsType[*TreeError](tc.err); !ok || !strings.Contains(tc.err.Error(), tc.says) {
			t.Errorf("%s: %v", name, tc.err)
		}
	}
}

func failed(_ Unshifted, err error) error { return err }

// TestUnshiftLogged: the journal has the begin and the end of an unshift, and nothing of a dry run.
func TestUnshiftLogged(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	var journal bytes.Buffer
	s.Log = slog.New(slog.NewTextHandler(&journal, nil))
	if _, err := s.UnshiftPath(t.Context(), "/srv/tree", UnshiftOptions{From: 100000, DryRun: true}); err != nil || journal.Len() > 0 {
		t.Errorf("a dry run: %v, %s", err, journal.String())
	}
	if _, err := s.UnshiftPath(t.Context(), "/srv/tree", UnshiftOptions{From: 100000}); err != nil {
		t.Error(err)
	}
	if got := journal.String(); strings.Count(got, "path=/srv/tree") != 2 || !strings.Contains(got, "from=100000 changed=2 left=0") {
		t.Errorf("the journal has %s", got)
	}
}
