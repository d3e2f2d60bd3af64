package service

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
)

// TestImplied: who has an action that implies another has that, too, if a password would give it, and not where the
// authority says no. Nobody can tell by the questions which it is. What implies something is never asked for with a
// dialogue.
func TestImplied(t *testing.T) {
	t.Parallel()
	const (
		no = iota
		ask
		yes
		temporary
	)
	all := []string{contract.ActionExec, contract.ActionConnect}
	broken := errors.New("no polkit")
	for name, tc := range map[string]struct {
		action  string
		says    map[string]int
		want    error
		asked   []string
		lasting bool
	}{
		"by itself":          {contract.ActionExec, map[string]int{contract.ActionExec: yes}, nil, all[:1], true},
		"implied":            {contract.ActionExec, map[string]int{contract.ActionExec: ask, contract.ActionConnect: temporary}, nil, all, false},
		"a no":               {contract.ActionExec, map[string]int{contract.ActionConnect: yes}, ErrDenied, all, true},
		"a no to both":       {contract.ActionExec, nil, ErrDenied, all, true},
		"a password, for it": {contract.ActionExec, map[string]int{contract.ActionExec: ask}, ErrInteraction, all, true},
		"not by manage":      {contract.ActionExec, map[string]int{contract.ActionExec: ask, contract.ActionManage: yes}, ErrInteraction, all, true},
		"by manage": {
			contract.ActionConsole,
			map[string]int{contract.ActionConsole: ask, contract.ActionManage: yes},
			nil,
			[]string{contract.ActionConsole, contract.ActionConnect, contract.ActionManage},
			true,
		},
		"nothing implies it": {
			contract.ActionAdmin,
			map[string]int{contract.ActionAdmin: ask, contract.ActionConnect: yes},
			ErrInteraction,
			[]string{contract.ActionAdmin},
			true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			f := &fakeAuthority{decide: func(_ context.Context, q Question, dialogue bool) (Verdict, error) {
				asked = append(asked, q.Action)
				if dialogue || q.Verb != "Do" || q.Subject.Name != "web" {
					t.Errorf("asked %+v, dialogue %v", q, dialogue)
				}
				says := tc.says[q.Action]
				return Verdict{Allowed: says >= yes, Challenge: says == ask, Lasting: says != temporary}, nil
			}}
			q := Question{Caller: user, Action: tc.action, Verb: "Do", Subject: Subject{Name: "web"}}
			if err := newTestAccess(f).Allow(t.Context(), q); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			if diff := cmp.Diff(tc.asked, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			if v, err := newTestAccess(f).decide(t.Context(), q, false, answerLimit); v.Lasting != tc.lasting || err != nil {
				t.Errorf("%+v, %v", v, err)
			}
		})
	}
	f := &fakeAuthority{decide: func(_ context.Context, q Question, _ bool) (Verdict, error) {
		if q.Action == contract.ActionConnect {
			return Verdict{}, broken
		}
		return Verdict{Challenge: true}, nil
	}}
	if err := newTestAccess(f).Allow(t.Context(), Question{Caller: user, Action: contract.ActionExec}); !errors.Is(err, broken) {
		t.Errorf("without an authority: %v", err)
	}
}

// TestImpliedRemembered: whoever is refused again and again costs one question each time, until the authority may say
// otherwise; a right that is implied is asked for each time.
func TestImpliedRemembered(t *testing.T) {
	t.Parallel()
	implied := false
	f := &fakeAuthority{decide: func(_ context.Context, q Question, _ bool) (Verdict, error) {
		return Verdict{Allowed: implied && q.Action == contract.ActionConnect, Challenge: true, Lasting: true}, nil
	}}
	a := newTestAccess(f)
	asked := func() int {
		before := len(f.questions())
		err := a.Allow(t.Context(), Question{Caller: user, Action: contract.ActionExec, Subject: Subject{Name: "web"}})
		if (err == nil) != implied {
			t.Errorf("got %v", err)
		}
		return len(f.questions()) - before
	}
	first, second := asked(), asked()
	a.Changed()
	third := asked()
	implied = true
	a.Changed()
	fourth, fifth := asked(), asked()
	if got := []int{first, second, third, fourth, fifth}; !cmp.Equal(got, []int{2, 1, 2, 2, 2}) {
		t.Errorf("asked %v times", got)
	}
}
