package service

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
)

// TestOptionsReachFurther: an option that reaches further than the container needs the right to that, too, and nothing
// is done without it: a unit of the host that berthd will stop, a file of the host for a container whose root is the
// host's or for a command there, a command without the container's label.
func TestOptionsReachFurther(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = reader.Close(), writer.Close() })
	start := func(o StartOptions) func(context.Context, *Service, Subject) error {
		return func(ctx context.Context, s *Service, of Subject) error { return s.StartWith(ctx, of.UUID, o) }
	}
	exec := func(c Command, stdio ...*os.File) func(context.Context, *Service, Subject) error {
		return func(ctx context.Context, s *Service, of Subject) error {
			_, _, err := s.Exec(ctx, of.UUID, c, stdio)
			return err
		}
	}
	for name, c := range map[string]struct {
		more string
		do   func(context.Context, *Service, Subject) error
		want []string
	}{
		"nothing":                     {"", start(StartOptions{}), nil},
		"a unit":                      {"", start(StartOptions{Unit: "sshd.service"}), []string{contract.ActionAdmin + " "}},
		"a file":                      {"", start(StartOptions{Passed: []Passed{{Name: "a", File: file}}}), []string{contract.ActionNamespaces + " web", contract.ActionConnect + " web"}},
		"a pipe":                      {"", start(StartOptions{Passed: []Passed{{Name: "a", File: reader}}}), nil},
		"a file, other root":          {idmapAt(1<<20, 65536), start(StartOptions{Passed: []Passed{{Name: "a", File: file}}}), nil},
		"a command":                   {"", exec(Command{Argv: []string{"true"}}), nil},
		"one with a file":             {"", exec(Command{Argv: []string{"true"}}, reader, file, writer), []string{contract.ActionNamespaces + " web", contract.ActionConnect + " web"}},
		"one with pipes":              {"", exec(Command{Argv: []string{"true"}}, reader, writer, writer), nil},
		"one with a file, other root": {idmapAt(1<<20, 65536), exec(Command{Argv: []string{"true"}}, file, file, file), nil},
		"one without a label":         {"", exec(Command{Argv: []string{"true"}, NoLabel: true}), []string{contract.ActionAdmin + " web"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			s := w.service(t)
			u := define(t, s, "web", fixedUUID, c.more)
			f := &fakeAuthority{}
			ctx := permitted(t, s, f, contract.ActionControl, s.Subject(u))
			before := len(f.questions())
			f.decide = func(context.Context, Question, bool) (Verdict, error) { return Verdict{}, nil }
			err := c.do(ctx, s, s.Subject(u))
			if errors.Is(err, ErrDenied) != (len(c.want) > 0) {
				t.Errorf("got %v", err)
			}
			if diff := cmp.Diff(c.want, append([]string(nil), f.questions()[before:]...)); diff != "" {
				t.Errorf("questions (-want +got):\n%s", diff)
			}
			if snap, _ := s.ByUUID(u); len(c.want) > 0 && snap.State.Active() {
				t.Error("it runs all the same")
			}
		})
	}
}

// TestPlaceIsGivenUp: a call gives its place in a queue up before somebody is asked for a password, and not for a
// question that nobody has to think about.
func TestPlaceIsGivenUp(t *testing.T) {
	t.Parallel()
	f := &fakeAuthority{}
	caller := user
	caller.Interactive = true
	p, err := newTestAccess(f).Permit(t.Context(), Question{Caller: caller, Action: contract.ActionControl})
	if err != nil {
		t.Fatal(err)
	}
	given := 0
	p.Yields(func() { given++ })
	if err := p.Also(contract.ActionAdmin, Subject{}, Subject{}); err != nil || given != 0 {
		t.Errorf("%v, given up %d times", err, given)
	}
	f.decide = func(_ context.Context, _ Question, dialogue bool) (Verdict, error) {
		if dialogue && given == 0 {
			t.Error("somebody is asked before the place is given up")
		}
		return Verdict{Allowed: dialogue, Challenge: !dialogue}, nil
	}
	if _, err := p.Renew(Subject{Name: "web"}); err != nil || given == 0 {
		t.Errorf("%v, given up %d times", err, given)
	}
}

// TestPermitOfOneThatIsGone: the right to define a container anew is none to define another under its uuid, when it
// goes meanwhile.
func TestPermitOfOneThatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web", fixedUUID)
	f := &fakeAuthority{}
	ctx := permitted(t, s, f, contract.ActionManage, Subject{})
	f.decide = func(_ context.Context, q Question, _ bool) (Verdict, error) {
		if q.Subject.Name == "web" {
			return Verdict{Allowed: true}, s.Undefine(t.Context(), u)
		}
		return Verdict{}, nil
	}
	if _, err := s.Define(ctx, xmlOf("prod", fixedUUID)); !errors.Is(err, ErrDenied) {
		t.Errorf("got %v", err)
	}
	if list := s.List(); len(list) != 0 {
		t.Errorf("there is %s", list[0].Name)
	}
}
