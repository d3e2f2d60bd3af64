package main

import (
	"context"
	"errors"
	"testing"

	"github.com/berthd/berth/internal/shift"
)

// TestJudgeIsBounded: while as many looks at roots as may be wait for file systems that do not answer, another one does not
// hold a thread, and ends with its caller.
func TestJudgeIsBounded(t *testing.T) {
	trees := trees{looks: make(chan struct{}, 1)}
	trees.looks <- struct{}{}
	gone := errors.New("he has left")
	ctx, leave := context.WithCancelCause(t.Context())
	leave(gone)
	if _, err := trees.Judge(ctx, t.TempDir(), shift.From(0)); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
	<-trees.looks
	if v, err := trees.Judge(t.Context(), t.TempDir(), shift.From(0)); err != nil || v.State != shift.Plain {
		t.Errorf("got %v, %v", v.State, err)
	}
	trees.looks <- struct{}{} // the place is free again
}
