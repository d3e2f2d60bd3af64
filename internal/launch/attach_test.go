package launch

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/berthd/berth/internal/wire"
)

// TestAttachToOneThatHangs: Attach to a supervisor that takes no connection ends with its context,
// however many connections wait already, and does not call it gone.
func TestAttachToOneThatHangs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	listener, err := listen(filepath.Join(dir, wire.SocketFile))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	for range 10 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		answered := make(chan error, 1)
		go func() {
			_, found, err := (&Supervisors{}).Attach(ctx, dir)
			if found {
				t.Error("it was found")
			}
			answered <- err
		}()
		select {
		case err := <-answered:
			if err == nil {
				t.Error("one that listens is taken for one that is gone")
			}
		case <-time.After(5 * time.Second):
			t.Fatal("connect hangs")
		}
		cancel()
	}
}
