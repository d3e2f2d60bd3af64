package launch

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestExpectMoveOnce: of starts that follow each other closely, only the first has the kernel get ready for a move.
func TestExpectMoveOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stays := make(chan struct{}, 9)
		g := &Cgroups{stay: func(string) error { stays <- struct{}{}; return nil }}
		for _, each := range []struct {
			pause time.Duration
			want  int
		}{{0, 1}, {0, 1}, {lately - 1, 1}, {lately - 1, 1}, {lately, 2}, {time.Hour, 3}} {
			time.Sleep(each.pause)
			g.ExpectMove()
			synctest.Wait()
			if got := len(stays); got != each.want {
				t.Errorf("%v after the one before: %d times, want %d", each.pause, got, each.want)
			}
		}
	})
}
