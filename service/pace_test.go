package service

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/berthd/berth/contract"
)

// TestPace: a list takes as long with up to 15 containers that are hidden as with none, and with more as with twice as
// many at most; with those that are remembered it does not wait. One whose caller leaves does not wait, either. What is
// waited for a question has a bound, however long the authority thinks.
func TestPace(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for _, tt := range []struct {
		name                string
		hidden              int
		thinks, first, then time.Duration
	}{
		{"none", 0, ms, 16 * ms, 0},
		{"one", 1, ms, 16 * ms, 0},
		{"few", 15, ms, 16 * ms, 0},
		{"more", 16, ms, 32 * ms, 0},
		{"twice as many", 31, ms, 32 * ms, 0},
		{"many", 600, ms, 1024 * ms, 0},
		{"a slow authority", 0, time.Second, time.Second + 150*ms, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fakeAuthority{decide: func(_ context.Context, q Question, _ bool) (Verdict, error) {
					if q.Action == contract.ActionRead { // what implies it is asked about, too
						time.Sleep(tt.thinks)
					}
					return Verdict{Lasting: true}, nil
				}}
				a := newTestAccess(f)
				list := make([]Snapshot, tt.hidden)
				for i := range list {
					list[i].UUID = [16]byte{byte(i), byte(i >> 8), 1}
				}
				for _, want := range []time.Duration{tt.first, tt.then} {
					begun := time.Now()
					got, err := Visible(t.Context(), a, Question{Caller: user, Action: contract.ActionRead}, list, (*Snapshot).Subject)
					if took := time.Since(begun); len(got) > 0 || err != nil || took != want {
						t.Errorf("%v, %v after %v, want %v", got, err, took, want)
					}
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithTimeout(t.Context(), 2*ms)
		defer leave()
		f := &fakeAuthority{decide: func(context.Context, Question, bool) (Verdict, error) {
			time.Sleep(ms)
			return Verdict{Lasting: true}, nil
		}}
		begun := time.Now()
		if _, err := Visible(ctx, newTestAccess(f), Question{Caller: user}, nil, (*Snapshot).Subject); err != nil || time.Since(begun) != 2*ms {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}
