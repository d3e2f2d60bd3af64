package service

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
)

// TestIntroduced: who may not see a container is asked for the password of one who may see what he has named, with no
// other detail, and only then about the container: the agent that polkit asks can be his own. It is the same whether
// the container is there, and whatever a rule says of it. One who sees it is asked about it at once.
func TestIntroduced(t *testing.T) {
	t.Parallel()
	const read, control = contract.ActionRead, contract.ActionControl
	there := Subject{UUID: someUUID, Name: "web", Owner: User{Set: true, UID: 7}, PrivateUsers: true}
	bare := Subject{UUID: someUUID}
	type asked struct {
		Action   string
		Name     string
		Dialogue bool
	}
	challenge := func(Question, int) Verdict { return Verdict{Challenge: true} }
	noOfWeb := func(q Question, _ int) Verdict { return Verdict{Challenge: q.Subject.Name == ""} }
	tests := []struct {
		name    string
		action  string
		subject Subject
		quick   func(q Question, asked int) Verdict // without a dialogue
		typed   bool                                // the right password
		want    []asked
		allowed bool
	}{
		{"hidden, to see it", read, there, challenge, false, []asked{{read, "web", false}, {read, "", true}}, false},
		{"missing, to see it", read, bare, challenge, false, []asked{{read, "", false}, {read, "", true}}, false},
		{"hidden", control, there, challenge, false, []asked{{control, "web", false}, {read, "web", false}, {read, "", true}}, false},
		{"missing", control, bare, challenge, false, []asked{{control, "", false}, {read, "", false}, {read, "", true}}, false},
		{
			"a rule says no of it", control, there, noOfWeb, false,
			[]asked{{control, "web", false}, {read, "web", false}, {read, "", true}},
			false,
		},
		{
			"a rule says no of it, and a password is typed", control, there, noOfWeb, true,
			[]asked{{control, "web", false}, {read, "web", false}, {read, "", true}},
			false,
		},
		{
			"both passwords", control, there, challenge, true,
			[]asked{{control, "web", false}, {read, "web", false}, {read, "", true}, {control, "web", true}},
			true,
		},
		{
			"polkit keeps the answer", read, there, func(_ Question, asked int) Verdict { return Verdict{Challenge: true, Allowed: asked == 3} }, true,
			[]asked{{read, "web", false}, {read, "", true}, {read, "web", false}},
			true,
		},
		{
			"visible", control, there, func(q Question, _ int) Verdict { return Verdict{Challenge: true, Allowed: q.Action == read} }, true,
			[]asked{{control, "web", false}, {read, "web", false}, {control, "web", true}},
			true,
		},
		{
			"no password helps", control, bare, func(Question, int) Verdict { return Verdict{} }, false,
			[]asked{{control, "", false}, {read, "", false}, {read, "", true}},
			false,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []asked
			f := &fakeAuthority{}
			f.decide = func(_ context.Context, q Question, dialogue bool) (Verdict, error) {
				if q.Action != read && q.Action != control { // which implies them
					return Verdict{}, nil
				}
				got = append(got, asked{q.Action, q.Subject.Name, dialogue})
				if dialogue {
					if q.Subject != q.Named && q.Subject != there {
						t.Errorf("asked about %+v", q.Subject)
					}
					return Verdict{Allowed: tt.typed}, nil
				}
				return tt.quick(q, len(got)), nil
			}
			caller := user
			caller.Interactive = true
			err := newTestAccess(f).Allow(t.Context(), Question{Caller: caller, Action: tt.action, Subject: tt.subject, Named: bare})
			if diff := cmp.Diff(tt.want, got); diff != "" || (err == nil) != tt.allowed {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}
