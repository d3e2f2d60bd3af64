package service

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/domain"
)

// permitted returns the context of a call of a user who may do what an authority allows.
func permitted(t *testing.T, s *Service, f *fakeAuthority, action string, subject Subject) context.Context {
	t.Helper()
	p, err := newTestAccess(f).Permit(t.Context(), Question{Caller: user, Action: action, Subject: subject})
	if err != nil {
		t.Fatal(err)
	}
	return WithPermit(t.Context(), p)
}

// TestPermitIsForOneContainer: what is done is done with the container that the authority was asked about. If that was
// replaced under its uuid, renamed, or has been in another run since, the authority is asked about what is there now,
// and nothing is done if the answer is no (T12).
func TestPermitIsForOneContainer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*testing.T, *Service, domain.UUID)
		want   []string
	}{
		{"unchanged", func(*testing.T, *Service, domain.UUID) {}, []string{"web"}},
		{"replaced", func(t *testing.T, s *Service, u domain.UUID) {
			t.Helper()
			if err := s.Undefine(t.Context(), u); err != nil {
				t.Fatal(err)
			}
			define(t, s, "web", fixedUUID)
		}, []string{"web", "web"}},
		{"renamed", func(t *testing.T, s *Service, u domain.UUID) {
			t.Helper()
			if err := s.Rename(t.Context(), u, "other"); err != nil {
				t.Fatal(err)
			}
		}, []string{"web", "other"}},
		{"ran since", func(t *testing.T, s *Service, u domain.UUID) {
			t.Helper()
			if err := s.Start(t.Context(), u); err != nil {
				t.Fatal(err)
			}
		}, []string{"web", "web"}},
	}
	for _, tt := range tests {
		for _, no := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld()
				s := w.service(t)
				u := define(t, s, "web", fixedUUID)
				f := &fakeAuthority{}
				ctx := permitted(t, s, f, contract.ActionManage, s.Subject(u))
				tt.change(t, s, u)
				f.decide = func(context.Context, Question, bool) (Verdict, error) { return Verdict{Allowed: !no}, nil }
				err := s.Undefine(ctx, u)
				refused := no && len(tt.want) > 1
				if errors.Is(err, ErrDenied) != refused || (err != nil) != refused {
					t.Errorf("got %v", err)
				}
				if snap, unknown := s.ByUUID(u); refused && (unknown != nil || !snap.Persistent) {
					t.Error("it was undefined all the same")
				}
				var want []string
				for _, name := range tt.want {
					want = append(want, contract.ActionManage+" "+name)
				}
				if refused { // and what would imply it
					want = append(want, contract.ActionConnect+" "+tt.want[1])
				}
				if diff := cmp.Diff(want, f.questions()); diff != "" {
					t.Errorf("questions (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestContainerNeverRests: a container that changes with each question is left alone, and the call ends.
func TestContainerNeverRests(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web", fixedUUID)
	f := &fakeAuthority{}
	ctx := permitted(t, s, f, contract.ActionManage, s.Subject(u))
	f.decide = func(context.Context, Question, bool) (Verdict, error) {
		if err := s.Undefine(t.Context(), u); err != nil {
			return Verdict{}, err
		}
		define(t, s, "web", fixedUUID)
		return Verdict{Allowed: true}, nil
	}
	if err := s.Undefine(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	define(t, s, "web", fixedUUID)
	if err := s.Undefine(ctx, u); !errors.Is(err, ErrRestless) {
		t.Errorf("got %v", err)
	}
}

// TestCallerLeavesWithPermit: a caller who leaves after he was permitted, and before his turn, is not asked about
// again. If the container has changed by then, nothing is done.
func TestCallerLeavesWithPermit(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web", fixedUUID)
	life, leave := context.WithCancel(t.Context())
	f := &fakeAuthority{}
	p, err := newTestAccess(f).Permit(life, Question{Caller: user, Action: contract.ActionControl, Subject: s.Subject(u)})
	if err != nil {
		t.Fatal(err)
	}
	leave()
	if err := s.Start(WithPermit(t.Context(), p), u); err != nil {
		t.Errorf("a call that was permitted ends with its caller: %v", err)
	}
	if err := s.Destroy(WithPermit(t.Context(), p), u); !errors.Is(err, ErrDenied) {
		t.Errorf("another run is destroyed: %v", err)
	}
	if n := len(f.questions()); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// TestPermitReads: what only looks at a container looks at the one that the permit is for. If that is replaced while it
// looks, it looks again, at what the caller is permitted to see by then (T14).
func TestPermitReads(t *testing.T) {
	t.Parallel()
	a, b := Subject{Name: "a", entry: 1}, Subject{Name: "a", entry: 2}
	f := &fakeAuthority{}
	p, err := newTestAccess(f).Permit(t.Context(), Question{Caller: user, Action: contract.ActionReadSecure, Subject: a})
	if err != nil {
		t.Fatal(err)
	}
	now, looks := a, 0
	look := func() error {
		if looks++; looks == 1 {
			now = b
		}
		return nil
	}
	if err := p.Read(func() Subject { return now }, look); err != nil || looks != 2 || len(f.questions()) != 2 {
		t.Errorf("%v after %d looks and %d questions", err, looks, len(f.questions()))
	}
	f.decide = func(context.Context, Question, bool) (Verdict, error) { return Verdict{}, nil }
	now, looks = a, 0
	if err := p.Read(func() Subject { return now }, look); !errors.Is(err, ErrDenied) || looks != 1 {
		t.Errorf("%v after %d looks", err, looks)
	}
	err = p.Read(func() Subject { b.entry++; return a }, func() error { return errors.New("its own") })
	if err == nil || err.Error() != "its own" {
		t.Errorf("got %v", err)
	}
}

// TestRootIsNotAsked: nobody is asked about what root does, whatever has changed meanwhile.
func TestRootIsNotAsked(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	f := &fakeAuthority{}
	p, err := newTestAccess(f).Permit(t.Context(), Question{Caller: Caller{Known: true}, Action: contract.ActionManage})
	if err != nil {
		t.Fatal(err)
	}
	ctx := WithPermit(t.Context(), p)
	snap, err := s.Define(ctx, xmlOf("web", `<lxc:namespace xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'><lxc:sharenet type='name' value='db'/></lxc:namespace>`))
	if err == nil {
		err = s.Undefine(ctx, snap.UUID)
	}
	if err != nil || len(f.questions()) > 0 {
		t.Errorf("%v, %v", err, f.questions())
	}
}

// TestDefineAsksAboutTargets: who defines a container is asked for by its name and uuid, which nobody knew before, and
// for each other container that the definition reaches: by its name, the pid of its init, or a path of its root. For
// what is of the host he needs the right to administer it (T31, T32).
func TestDefineAsksAboutTargets(t *testing.T) {
	t.Parallel()
	share := func(element, kind, value string) string {
		return `<lxc:namespace xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0'><lxc:` + element + ` type='` + kind + `' value='` + value + `'/></lxc:namespace>`
	}
	const manage, enter, admin = contract.ActionManage, contract.ActionNamespaces, contract.ActionAdmin
	tests := []struct {
		name string
		xml  []byte
		want []string
	}{
		{"nothing", xmlOf("new"), []string{manage + " new"}},
		{"by name", xmlOf("new", share("sharenet", "name", "web")), []string{manage + " new", enter + " web"}},
		{"by name, missing", xmlOf("new", share("shareipc", "name", "gone")), []string{manage + " new", enter + " gone"}},
		{"by a pid", xmlOf("new", share("shareuts", "pid", "1")), []string{manage + " new", admin + " "}},
		{"by netns", xmlOf("new", share("sharenet", "netns", "blue")), []string{manage + " new", admin + " "}},
		{"another's root", []byte(strings.Replace(string(xmlOf("new")), "/srv/new", "/srv/web/etc", 1)), []string{manage + " new", enter + " web"}},
		{"above a root", []byte(strings.Replace(string(xmlOf("new")), "/srv/new", "/srv", 1)), []string{manage + " new", enter + " web"}},
		{"beside a root", []byte(strings.Replace(string(xmlOf("new")), "/srv/new", "/srv/web2", 1)), []string{manage + " new"}},
		{"itself", xmlOf("web", fixedUUID), []string{manage + " web"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			s := w.service(t)
			define(t, s, "web", fixedUUID)
			f := &fakeAuthority{}
			ctx := permitted(t, s, f, manage, Subject{})
			if _, err := s.Define(ctx, tt.xml); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, f.questions()[1:]); diff != "" {
				t.Errorf("questions (-want +got):\n%s", diff)
			}
			f.decide = func(_ context.Context, q Question, _ bool) (Verdict, error) {
				return Verdict{Allowed: q.Action+" "+q.Subject.Name != tt.want[len(tt.want)-1]}, nil
			}
			if _, err := s.Define(ctx, tt.xml); !errors.Is(err, ErrDenied) {
				t.Errorf("refused at %s: %v", tt.want[len(tt.want)-1], err)
			}
		})
	}
}
