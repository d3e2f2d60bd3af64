package dbusapi

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestHeldUp: a write is held up if the bus takes nothing of it and others read nothing for a while, and leave much
// unread. It is not if anything moves, however slowly, if little is unread, or if the bus does not tell.
func TestHeldUp(t *testing.T) {
	t.Parallel()
	much := Backlog{Bytes: refusals + 1}
	for name, c := range map[string]struct {
		look func(n int) (standing, error)
		ends time.Duration // of the write, 0 is never
		held bool
		took time.Duration
	}{
		"nothing moves":           {func(int) (standing, error) { return standing{7, much}, nil }, 0, true, writePatience},
		"descriptors":             {func(int) (standing, error) { return standing{7, Backlog{0, 9}}, nil }, 0, true, writePatience},
		"the bus takes something": {func(n int) (standing, error) { return standing{int64(min(n, 4)), much}, nil }, 0, true, 5 * writePatience},
		"others read something":   {func(n int) (standing, error) { return standing{7, Backlog{much.Bytes + 9 - min(n, 9), 0}}, nil }, 0, true, 10 * writePatience},
		"little is unread":        {func(int) (standing, error) { return standing{7, Backlog{refusals, 8}}, nil }, time.Hour, false, time.Hour},
		"it ends":                 {func(int) (standing, error) { return standing{7, much}, nil }, writePatience / 2, false, writePatience / 2},
		"the bus does not tell":   {func(int) (standing, error) { return standing{}, errors.New("no") }, 0, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				written := make(chan struct{})
				if c.ends > 0 {
					time.AfterFunc(c.ends, func() { close(written) })
				}
				began, n := time.Now(), -1
				_, held := heldUp(written, func() (standing, error) {
					n++
					return c.look(n)
				})
				if took := time.Since(began); held != c.held || took != c.took {
					t.Errorf("%v after %v, not %v after %v", held, took, c.held, c.took)
				}
			})
		})
	}
}
