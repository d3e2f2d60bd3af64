package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/berthd/berth/internal/domain"
)

// begin executes a command, and gives the fake of it.
func begin(t *testing.T, w *world, s *Service, u domain.UUID) (ProcessKey, *executionFake) {
	t.Helper()
	p, _, err := s.Exec(t.Context(), u, Command{Argv: []string{"ls"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, sup := range w.supervisors {
		if sup.pid == p.Run {
			return p.ProcessKey, sup.executions[p.ID-1]
		}
	}
	t.Fatalf("no supervisor has %+v", p)
	return p.ProcessKey, nil
}

// TestExecLife: a command is there from its execution until its end has been read, or a minute after it. Signals and
// sizes reach it.
func TestExecLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s, u := running(t, w)
		key, x := begin(t, w, s, u)
		if err := errors.Join(s.SignalProcess(key, syscall.SIGHUP), s.ResizeProcess(key, 3, 4)); err != nil || <-x.signals != syscall.SIGHUP || <-x.size != [2]uint32{3, 4} {
			t.Error(err)
		}
		if p, err := s.Process(key); err != nil || p.Over || p.PID != x.PID() || p.Command != "ls" || len(s.Processes()) != 1 {
			t.Errorf("%+v, %v", p, err)
		}
		x.finish(Exit{Kind: ExitExited, Code: 3})
		if p, err := s.WaitProcess(t.Context(), key); err != nil || !p.Over || p.Exit != (Exit{ExitExited, 3}) {
			t.Errorf("%+v, %v", p, err)
		}
		<-x.forgotten
		if _, err := s.Process(key); !errors.Is(err, ErrNoProcess) {
			t.Errorf("after its end was read: %v", err)
		}
		key, x = begin(t, w, s, u)
		x.finish(Exit{Kind: ExitKilled, Code: 9})
		time.Sleep(processKept - time.Second)
		synctest.Wait()
		if p, err := s.Process(key); err != nil || !p.Over {
			t.Errorf("%+v, %v", p, err)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		<-x.forgotten
		if _, err := s.Process(key); !errors.Is(err, ErrNoProcess) {
			t.Errorf("a minute later: %v", err)
		}
		if got, want := w.takeCommands(), []string{"ls +", "ls ended", "ls -", "ls +", "ls ended", "ls -"}; !slices.Equal(sorted(got), sorted(want)) {
			t.Errorf("told %q", got)
		}
		if err := s.Destroy(t.Context(), u); err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
}

// TestExecSoon: a command that was executed for a caller who waits, and has ended by then, was never there for anybody
// else. One that goes on is.
func TestExecSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s, u := running(t, w)
		p, _, err := s.Exec(t.Context(), u, Command{Argv: []string{"true"}, Soon: true}, nil)
		if err != nil || !p.Over || p.Exit != (Exit{ExitExited, 4}) || len(s.Processes()) != 0 {
			t.Errorf("%+v, %v, %v", p, err, s.Processes())
		}
		if told := w.takeCommands(); len(told) != 0 {
			t.Errorf("told %q", told)
		}
		if p, _, err = s.Exec(t.Context(), u, Command{Argv: []string{"sleep"}, Soon: true}, nil); err != nil || p.Over || len(s.Processes()) != 1 {
			t.Errorf("%+v, %v, %v", p, err, s.Processes())
		}
		w.mu.Lock()
		var executions []*executionFake
		for _, sup := range w.supervisors {
			executions = append(executions, sup.executions...)
		}
		w.mu.Unlock()
		<-executions[0].forgotten
		executions[1].finish(Exit{})
		if err := s.Destroy(t.Context(), u); err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// TestExecRecover: the commands of an earlier daemon are there, under the same keys.
func TestExecRecover(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	key, x := begin(t, w, s, u)
	s, settle := again(t, w)
	settle()
	if p, err := s.Process(key); err != nil || p.PID != x.PID() {
		t.Fatalf("%+v, %v", p, err)
	}
	x.finish(Exit{Kind: ExitExited})
	if p, err := s.WaitProcess(t.Context(), key); err != nil || p.Exit.Kind != ExitExited {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestExecRefused: no command is executed in a container that is off, suspended, ending, or of an older release.
func TestExecRefused(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	refused := func(what, want string) {
		t.Helper()
		if _, _, err := s.Exec(t.Context(), u, Command{Argv: []string{"ls"}}, nil); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
	c, err := s.find(u)
	if err != nil {
		t.Fatal(err)
	}
	c.wire = EntryWire - 1
	refused("an older release", ErrOldSupervisor.Error())
	c.wire = EntryWire
	if err := s.Suspend(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	refused("suspended", "exec is not possible while the domain is paused; resume it first")
	if err := errors.Join(s.SignalInside(t.Context(), u, 1, syscall.SIGTERM), s.Resume(t.Context(), u)); err != nil {
		t.Fatal(err)
	}
	shareable := c.shareable
	c.shareable = nil
	refused("ending", "exec is not possible while the domain is stopping")
	c.shareable, c.notAnswering = shareable, true
	refused("hanging", errNotAnswering.Error())
	c.notAnswering = false
	if err := s.Destroy(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	refused("off", "domain is not running")
	if err := s.SignalInside(t.Context(), u, 1, syscall.SIGTERM); err == nil || err.Error() != "domain is not running" {
		t.Errorf("a signal: %v", err)
	}
}

// TestEndsMeanwhile: a container whose supervisor ends while it is asked for something is not running.
func TestEndsMeanwhile(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, ask := range map[string]func(*Service, domain.UUID) error{
		"exec": func(s *Service, u domain.UUID) error {
			_, _, err := s.Exec(ctx, u, Command{Argv: []string{"ls"}}, nil)
			return err
		},
		"signal": func(s *Service, u domain.UUID) error { return s.SignalInside(ctx, u, 2, syscall.SIGTERM) },
		"console": func(s *Service, u domain.UUID) error {
			_, err := s.OpenConsole(ctx, u, "", ConsoleOptions{})
			return err
		},
		"resize": func(s *Service, u domain.UUID) error { return s.ResizeConsole(ctx, u, "", Window{}) },
		"open": func(s *Service, u domain.UUID) error {
			_, err := s.LeaderPIDFD(t.Context(), u)
			return err
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			s, u := running(t, w)
			sup := w.find(s.Runs.Dir(u))
			sup.hanging.Store(true)
			time.AfterFunc(time.Second, func() { sup.finish(End{}) })
			err := ask(s, u)
			if e, ok := errors.AsType[*StateError](err); !ok || e.Kind != NotRunning || e.Name != "web" {
				t.Errorf("%s: %v", name, err)
			}
			synctest.Wait()
			s.work.Wait()
		})
	}
}

// TestOpen: the namespaces and the init of a container are opened while it runs or is suspended. Of a container that
// ends meanwhile nothing stays open.
func TestOpen(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	open := func() error {
		files, err := s.Namespaces(t.Context(), u, []string{"net", "uts"})
		if err == nil && len(files) != 2 {
			t.Errorf("%d files", len(files))
		}
		closeAll(files)
		one, perr := s.LeaderPIDFD(t.Context(), u)
		if perr == nil {
			_ = one.Close()
		}
		return errors.Join(err, perr)
	}
	if err := errors.Join(open(), s.Suspend(t.Context(), u), open(), s.Resume(t.Context(), u)); err != nil {
		t.Error(err)
	}
	for _, sup := range w.supervisors {
		sup.finish(End{})
	}
	if err := open(); err == nil || !strings.Contains(err.Error(), "domain is") && !strings.Contains(err.Error(), "not possible while the domain is stopping") {
		t.Errorf("ended: %v", err)
	}
	for _, f := range w.namespaces {
		if f.Close() == nil {
			t.Error("a namespace stays open")
		}
	}
}
