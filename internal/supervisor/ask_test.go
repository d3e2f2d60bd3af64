package supervisor

import "testing"

// TestLookFails: an init that cannot be looked at is looked at again later, and its container is not ended for that.
func TestLookFails(t *testing.T) {
	t.Parallel()
	s := &supervisor{initPID: 0, events: make(chan event), request: &request{order: true}} // there is no /proc/0
	if err := s.look(s.request); err != nil {
		t.Fatal(err)
	}
	if e := <-s.events; e.look != s.request {
		t.Errorf("got %+v", e)
	}
}
