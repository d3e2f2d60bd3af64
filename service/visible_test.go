package service

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
)

// TestSeesRemembers: a lasting answer about what a caller may see is remembered for that caller and container, until
// the authority says that it has changed or the caller leaves. An answer that a password gave is never remembered.
func TestSeesRemembers(t *testing.T) {
	t.Parallel()
	f := &fakeAuthority{}
	a := newTestAccess(f)
	see := func(name, of string, asked int) {
		t.Helper()
		before := len(f.questions())
		caller := user
		caller.BusName = name
		sees, err := a.Sees(t.Context(), Question{Caller: caller, Action: contract.ActionRead, Subject: Subject{UUID: someUUID, Name: of, Run: uint32(before)}})
		if !sees || err != nil {
			t.Errorf("%s sees %v, %v", name, sees, err)
		}
		if n := len(f.questions()) - before; n != asked {
			t.Errorf("%s about %s: %d questions, want %d", name, of, n, asked)
		}
	}
	see(":1.1", "a", 1)
	see(":1.1", "a", 0)
	see(":1.2", "a", 1)
	see(":1.1", "b", 1)
	if _, err := a.Sees(t.Context(), Question{Caller: Caller{Known: true, UID: 1000, BusName: ":1.1"}, Action: contract.ActionRead, Verb: "GetXML", Subject: Subject{UUID: someUUID, Name: "a"}}); err != nil || len(f.questions()) != 4 {
		t.Errorf("for another verb: %v, %d questions", err, len(f.questions()))
	}
	a.Changed()
	see(":1.1", "a", 1)
	see(":1.1", "a", 0)
	a.Forget(":1.1")
	see(":1.1", "a", 1)
	a.Changed()
	f.decide = func(context.Context, Question, bool) (Verdict, error) { return Verdict{Allowed: true}, nil }
	see(":1.1", "a", 1)
	see(":1.1", "a", 1)
	f.decide = func(context.Context, Question, bool) (Verdict, error) {
		a.Changed() // while the answer is on its way
		return Verdict{Allowed: true, Lasting: true}, nil
	}
	see(":1.1", "a", 1)
	see(":1.1", "a", 1)
}

// TestVisible: a list has what the caller may see, and nobody is asked for a password. Without an authority there is no
// list, and it is asked once only.
func TestVisible(t *testing.T) {
	t.Parallel()
	f := &fakeAuthority{decide: func(_ context.Context, q Question, dialogue bool) (Verdict, error) {
		if dialogue {
			t.Error("somebody is asked for a password")
		}
		return Verdict{Allowed: q.Subject.Name == "b", Challenge: true}, nil
	}}
	a := newTestAccess(f)
	list := []Snapshot{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	caller := user
	caller.Interactive = true
	for who, want := range map[Caller][]string{caller: {"b"}, {Known: true}: {"a", "b", "c"}, {}: nil} {
		got, err := Visible(t.Context(), a, Question{Caller: who, Action: contract.ActionRead}, list, (*Snapshot).Subject)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, snap := range got {
			names = append(names, snap.Name)
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", who, diff)
		}
	}
	f = &fakeAuthority{decide: func(context.Context, Question, bool) (Verdict, error) { return Verdict{}, errors.New("away") }}
	_, err := Visible(t.Context(), newTestAccess(f), Question{Caller: user}, list, (*Snapshot).Subject)
	if _, ok := errors.AsType[*UndecidedError](err); !ok || len(f.questions()) != 1 {
		t.Errorf("got %v after %d questions", err, len(f.questions()))
	}
}
