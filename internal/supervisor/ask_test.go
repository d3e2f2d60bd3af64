package supervisor

import "testing"

// TestLookFails: an init that cannot be looked at is looked at again later, and its container is not ended for that.
func TestLookFails(t *testing.T) {
	t.Parallel()
	s := &supervisor{initPID: 0, events: make(chan event)} // there is no /proc/0
	if err := s.look(); err != nil {
		t.Fatal(err)
	}
	if e := <-s.events; !e.look {
		t.Errorf("got %+v", e)
	}
}
