package service

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/berthd/berth/internal/domain"
)

// TestOpenConsole: a console of a running container is opened by its alias, and each refusal has its error.
func TestOpenConsole(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	off := define(t, s, "off")
	ctx := context.Background()
	snap, err := s.Create(ctx, bytes.Replace(xmlOf("web"), []byte("<devices>"), []byte("<devices><console type='pty'/><console type='pty'/>"), 1))
	if err != nil {
		t.Fatal(err)
	}
	u := snap.UUID
	for name, tc := range map[string]struct {
		u      domain.UUID
		device string
		want   error
	}{
		"the first":    {u, "", nil},
		"by its alias": {u, "console0", nil},
		"busy":         {u, "console1", ErrConsoleBusy},
		"none such":    {u, "console2", ErrNoConsole},
		"no container": {domain.UUID{1}, "", ErrNoContainer},
	} {
		f, err := s.OpenConsole(ctx, tc.u, tc.device, ConsoleOptions{})
		if !errors.Is(err, tc.want) || (f == nil) != (tc.want != nil) {
			t.Errorf("%s: %v, %v", name, f, err)
		}
		if tc.device == "console1" {
			continue
		}
		if err := s.ResizeConsole(ctx, tc.u, tc.device, Window{}); !errors.Is(err, tc.want) {
			t.Errorf("%s, resize: %v", name, err)
		}
	}
	for u, want := range map[domain.UUID]string{u: "no such console: 'x'; it has console0, console1", off: "no such console: 'x'; it has console0"} {
		if _, err := s.Console(ctx, u, "x"); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	_, err = s.OpenConsole(ctx, off, "", ConsoleOptions{})
	if e, ok := errors.AsType[*StateError](err); !ok || e.Kind != NotRunning {
		t.Errorf("off: %v", err)
	}
	_ = w.find(s.Runs.Dir(u)).Kill() // the service has not seen it yet
	_, err = s.OpenConsole(ctx, u, "", ConsoleOptions{})
	if _, ok := errors.AsType[*StateError](err); !ok {
		t.Errorf("it has just ended: %v", err)
	}
}

// find returns the supervisor of a run directory.
func (w *world) find(dir string) *supervisorFake {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.supervisors[dir]
}

// TestOpenConsoleHangs: a supervisor that hangs, or is of an older release, is an error and holds nobody up for long.
func TestOpenConsoleHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s, u := running(t, w)
		sup := w.find(s.Runs.Dir(u))
		sup.hanging.Store(true)
		began := time.Now()
		if _, err := s.OpenConsole(context.Background(), u, "", ConsoleOptions{}); !errors.Is(err, ErrTimeout) || time.Since(began) > supervisorLimit {
			t.Errorf("it hangs: %v after %v", err, time.Since(began))
		}
		sup.hanging.Store(false)
		c, err := s.find(u)
		if err != nil {
			t.Fatal(err)
		}
		c.wire = EntryWire - 1
		if _, err := s.OpenConsole(context.Background(), u, "", ConsoleOptions{}); !errors.Is(err, ErrOldSupervisor) {
			t.Errorf("an old one: %v", err)
		}
		if err := s.Destroy(context.Background(), u); err != nil {
			t.Error(err)
		}
		s.work.Wait()
	})
}
