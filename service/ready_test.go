package service

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

const withNotify = `<berth:container xmlns:berth='urn:berth:container:1'><berth:notify/></berth:container>`

// TestReady: a container whose definition asks for it is ready when init says so, and its status is what init said
// last; who waits learns of it, or of the end. Any other is ready as soon as it runs.
func TestReady(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s, u := running(t, w, withNotify)
		waited := make(chan error, 1)
		wait := func() { waited <- s.WaitReady(context.Background(), u) }
		go wait()
		synctest.Wait()
		if snap, _ := s.ByUUID(u); snap.Ready || len(waited) > 0 {
			t.Errorf("it is ready before init said so: %+v", snap)
		}
		sup := w.supervisors[u.String()]
		say := func(n Notice) {
			sup.notice = n
			sup.noticed <- struct{}{}
			synctest.Wait()
		}
		say(Notice{Status: "1 of 2"})
		if snap, _ := s.ByUUID(u); snap.Ready || snap.Status != "1 of 2" || len(waited) > 0 {
			t.Errorf("after its first word: %+v", snap)
		}
		say(Notice{Ready: true, Status: "up"})
		if snap, _ := s.ByUUID(u); !snap.Ready || snap.Status != "up" {
			t.Errorf("after READY=1: %+v", snap)
		}
		if err := <-waited; err != nil {
			t.Errorf("who waited: %v", err)
		}
		sup.finish(End{Known: true, Exit: Exit{Kind: ExitExited}})
		synctest.Wait()
		if snap, _ := s.ByUUID(u); snap.Ready || snap.Status != "" {
			t.Errorf("after its end: %+v", snap)
		}
		var state *StateError
		if err := s.WaitReady(context.Background(), u); !errors.As(err, &state) {
			t.Errorf("waiting for one that is off: %v", err)
		}
		if err := s.Start(context.Background(), u); err != nil {
			t.Fatal(err)
		}
		go wait()
		synctest.Wait()
		w.supervisors[u.String()].finish(End{Known: true, Exit: Exit{Kind: ExitExited}})
		if err := <-waited; !errors.Is(err, ErrEnded) {
			t.Errorf("who waited for one that ended: %v", err)
		}
		synctest.Wait()
	})
	w := newWorld()
	s, u := running(t, w)
	if snap, _ := s.ByUUID(u); !snap.Ready || s.WaitReady(context.Background(), u) != nil {
		t.Errorf("without <berth:notify>: %+v", snap)
	}
}
