package agent

import (
	"context"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/test/bench/peers"
	"github.com/berthd/berth/test/bench/proto"
)

// noted is a peer that notes its calls.
type noted struct{ calls []string }

func (n *noted) Prepare(context.Context, int) (peers.About, error) { return peers.About{}, nil }

func (n *noted) Start(_ context.Context, id int) error {
	n.calls = append(n.calls, "start "+strconv.Itoa(id))
	return nil
}

func (n *noted) Stop(_ context.Context, id int) error {
	n.calls = append(n.calls, "stop "+strconv.Itoa(id))
	return nil
}

func (n *noted) Explain(int) string { return "" }
func (n *noted) Close() error       { return nil }

// TestAgain: one container is stopped, and after the pause the other one is started. The whole time has the pause.
func TestAgain(t *testing.T) {
	t.Parallel()
	s, err := newStamp(filepath.Join(t.TempDir(), "stamp"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	peer := &noted{}
	a := &Agent{stamps: []*stamp{s, s}}
	const pause = 20 * time.Millisecond
	reply, err := a.again(t.Context(), prepared{peer, peers.About{Ready: true}}, proto.Request{IDs: []int{1, 0}, Pause: pause})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"stop 1", "start 0"}, peer.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if len(reply.Timings) != 2 || reply.Wall < millis(pause) {
		t.Errorf("%+v: want two times and at least %v", reply, pause)
	}
	if _, err := a.again(t.Context(), prepared{peer, peers.About{}}, proto.Request{IDs: []int{1}}); err == nil {
		t.Error("one container: no error")
	}
}
