package image

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/berthd/berth/internal/linux/loop"
)

// TestLoopDoesNotAnswer: a loop device whose file does not answer holds up no image that it was not known to show, any
// other for a moment and once only, and is asked again when it has answered.
func TestLoopDoesNotAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		image, again := readers(t)
		other, _ := readers(t)
		id, err := inodeOf(image)
		if err != nil {
			t.Fatal(err)
		}
		l := unusedLocks(t)
		l.loops.list = func() ([]string, error) { return []string{"/dev/loop6", "/dev/loop7"}, nil }
		answer, asked := make(chan struct{}), atomic.Int32{}
		l.loops.show = func(device string) (loop.Shown, bool) {
			if device == "/dev/loop7" {
				asked.Add(1)
				<-answer
			}
			return loop.Shown{Dev: id.dev, Ino: id.ino}, device == "/dev/loop7"
		}
		for i, c := range []struct {
			wait time.Duration
			ask  func() error
		}{
			{answerLimit, func() error { return l.loops.used(t.Context(), id, false) }},
			{0, func() error { return l.loops.used(t.Context(), id, false) }},
			{0, func() error { return l.loops.attached(other, "/dev/loop6") }},
			{0, func() error { return l.loops.used(t.Context(), id, true) }},
		} {
			begun := time.Now()
			if err := c.ask(); err != nil || time.Since(begun) != c.wait {
				t.Errorf("%d: %v after %v, want nil after %v", i, err, time.Since(begun), c.wait)
			}
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("it was asked %d times", n)
		}
		close(answer)
		synctest.Wait()
		if _, err := l.take(t.Context(), again, true, "one"); !errors.Is(err, errImageInUse) {
			t.Errorf("when it has answered: %v", err)
		}
	})
}

// TestLoopAttachedMeanwhile: what a loop device said before this daemon attached an image to it is not believed
// afterwards.
func TestLoopAttachedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		image, _ := readers(t)
		id, err := inodeOf(image)
		if err != nil {
			t.Fatal(err)
		}
		l := unusedLocks(t).loops
		l.list = func() ([]string, error) { return []string{"/dev/loop7"}, nil }
		answer := make(chan struct{})
		l.show = func(string) (loop.Shown, bool) { <-answer; return loop.Shown{}, false }
		if err := l.used(t.Context(), id, false); err != nil {
			t.Fatal(err)
		}
		if err := l.attached(image, "/dev/loop7"); err != nil {
			t.Fatal(err)
		}
		close(answer)
		synctest.Wait()
		l.show = func(string) (loop.Shown, bool) { return loop.Shown{Dev: id.dev, Ino: id.ino}, true }
		if err := l.used(t.Context(), id, false); !errors.Is(err, errImageInUse) {
			t.Errorf("%v", err)
		}
	})
}
