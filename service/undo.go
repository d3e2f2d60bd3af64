package service

import (
	"errors"
	"slices"
)

// undo is the stack of what a half-done operation must take back, in reverse. Each step is pushed
// right after the action that it undoes.
type undo struct{ steps []func() error }

func (u *undo) push(step func() error) { u.steps = append(u.steps, step) }

// keep forgets the steps: the operation succeeded.
func (u *undo) keep() { u.steps = nil }

// run takes everything back, whatever goes wrong, and says what did.
func (u *undo) run() error {
	var errs []error
	for _, v := range slices.Backward(u.steps) {
		errs = append(errs, v())
	}
	u.steps = nil
	return errors.Join(errs...)
}
