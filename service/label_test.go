package service

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// labelled is a world whose host has a policy.
func labelled() *world {
	w := newWorld()
	w.policy.pairs = 40
	return w
}

// TestLabel: a container with a dynamic label has it in its plan, in the note, in its snapshot and in the live XML, and
// the audit log has it before the resources. A later daemon shows the same. The end gives the label back.
func TestLabel(t *testing.T) {
	t.Parallel()
	w := labelled()
	s, u := running(t, w, "<seclabel/>")
	want := Label{Model: "selinux", Type: domain.LabelDynamic, Process: "u:r:container_t:s0:c0,c1", Files: "u:o:file_t:s0:c0,c1"}
	if got := w.supervisors[u.String()].label; got != (plan.Label{Process: want.Process, Files: want.Files, Required: true}) {
		t.Errorf("the plan has %+v", got)
	}
	if got := w.takeAudit(); len(got) < 2 || got[0] != "label web label="+want.Process || !strings.HasPrefix(got[1], "resources web") {
		t.Errorf("audit: %q", got)
	}
	for range 2 {
		if got := w.runs[u].Run.Label; got != want {
			t.Errorf("noted: %+v", got)
		}
		if snap, _ := s.ByUUID(u); snap.Label != want {
			t.Errorf("snapshot: %+v", snap.Label)
		}
		if text, err := s.XML(u, false); err != nil || !strings.Contains(text, "<label>"+want.Process+"</label>") || !strings.Contains(text, "<imagelabel>"+want.Files+"</imagelabel>") {
			t.Errorf("live: %s, %v", text, err)
		}
		if text, err := s.XML(u, true); err != nil || !strings.Contains(text, "<seclabel type='dynamic'/>") {
			t.Errorf("stored: %s, %v", text, err)
		}
		w.kill(s)
		s, _ = again(t, w)
	}
	if err := s.Destroy(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	if snap, _ := s.ByUUID(u); snap.Label != (Label{}) || w.daemons[s].used[":c0,c1"] {
		t.Errorf("after the end: %+v, in use %v", snap.Label, w.daemons[s].used)
	}
}

// TestLabelOfASalvagedRun: a run whose note is damaged has the label that its init has, and nobody else gets that.
func TestLabelOfASalvagedRun(t *testing.T) {
	t.Parallel()
	w := labelled()
	s, u := running(t, w, "<seclabel/>")
	w.kill(s)
	w.runs[u] = SavedRun{Run: Run{UUID: u}, Err: errors.New("damaged")}
	s, _ = again(t, w)
	if snap, _ := s.ByUUID(u); snap.Label.Process != "u:r:container_t:s0:c0,c1" || !w.daemons[s].used[":c0,c1"] {
		t.Errorf("%+v, in use %v", snap.Label, w.daemons[s].used)
	}
}

// TestWhoIsLabelled: the definition, berth.conf and the host decide together whether a container starts, and with which
// label.
func TestWhoIsLabelled(t *testing.T) {
	t.Parallel()
	const (
		selinux  = "<seclabel type='dynamic' model='selinux'/>"
		apparmor = "<seclabel type='dynamic' model='apparmor'/>"
		none     = "<seclabel type='none'/>"
		static   = "<seclabel type='static' model='selinux'><label>u:r:t:s0</label></seclabel>"
		based    = "<seclabel model='selinux'><baselabel>u:r:other_t:s0</baselabel></seclabel>"
		both     = "<seclabel type='none' model='apparmor'/>" + selinux
		dynamic  = "u:r:container_t:s0:c0,c1"
	)
	for _, tc := range []struct {
		xml     string
		host    policyFake
		conf    Confinement
		want    string // the label
		wrong   string // or the error
		element string
	}{
		{xml: "", host: policyFake{pairs: 1}},
		{xml: none, host: policyFake{pairs: 1}},
		{xml: "<seclabel/>", host: policyFake{pairs: 1}, want: dynamic},
		{xml: selinux, host: policyFake{pairs: 1}, want: dynamic},
		{xml: both, host: policyFake{pairs: 1}, want: dynamic},
		{xml: static, host: policyFake{pairs: 1}, want: "u:r:t:s0"},
		{xml: based, host: policyFake{pairs: 1}, want: "u:r:other_t:s0:c0,c1"},
		{xml: apparmor, host: policyFake{pairs: 1}, wrong: "this host has no labels of the model 'apparmor'", element: "domain/seclabel@model"},
		{xml: "", host: policyFake{pairs: 1}, conf: Confinement{Default: true}, want: dynamic},
		{xml: none, host: policyFake{pairs: 1}, conf: Confinement{Default: true}},
		{xml: "", host: policyFake{pairs: 1}, conf: Confinement{Default: true, Required: true}, want: dynamic},
		{xml: "", host: policyFake{pairs: 1}, conf: Confinement{Required: true}, wrong: "no <seclabel>"},
		{xml: none, host: policyFake{pairs: 1}, conf: Confinement{Required: true}, wrong: "RequireConfined=yes", element: "domain/seclabel"},
		{xml: static, host: policyFake{pairs: 1}, conf: Confinement{Required: true}, want: "u:r:t:s0"},
		{xml: ""},
		{xml: none},
		{xml: "<seclabel type='none' model='selinux'/>"},
		{xml: "", conf: Confinement{Default: true}},
		{xml: "<seclabel/>", wrong: errNoPolicy.Error(), element: "domain/seclabel"},
		{xml: selinux, wrong: errNoPolicy.Error(), element: "domain/seclabel"},
		{xml: static, wrong: errNoPolicy.Error(), element: "domain/seclabel"},
		{xml: "", conf: Confinement{Required: true}, wrong: "RequireConfined=yes"},
		{xml: "", host: policyFake{required: true}, wrong: "SecurityDriver=selinux"},
	} {
		t.Run(fmt.Sprintf("%s %+v %+v", tc.xml, tc.host, tc.conf), func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.policy = tc.host
			s := w.service(t)
			s.Confinement = tc.conf
			u := define(t, s, "web", tc.xml)
			err := s.Start(context.Background(), u)
			if tc.wrong == "" {
				snap, _ := s.ByUUID(u)
				if err != nil || snap.Label.Process != tc.want || w.supervisors[u.String()].label.Process != tc.want {
					t.Errorf("%v, %+v", err, snap.Label)
				}
				return
			}
			var failed *StartError
			if !errors.As(err, &failed) || failed.Step != "label" || !strings.Contains(err.Error(), tc.wrong) {
				t.Errorf("%v", err)
			}
			if e, _ := errors.AsType[*domain.Error](err); tc.element != "" && (e == nil || e.Element != tc.element) {
				t.Errorf("the element of %v is not %s", err, tc.element)
			}
			if left := w.left(); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// TestLabelWhilePermissive: where the policy is not enforced a container starts also if it does not get its label.
func TestLabelWhilePermissive(t *testing.T) {
	t.Parallel()
	w := labelled()
	w.policy.permissive = true
	_, u := running(t, w, "<seclabel/>")
	if got := w.supervisors[u.String()].label; got.Process == "" || got.Required {
		t.Errorf("the plan has %+v", got)
	}
}

// TestAuditOfNoLabel: a label that cannot be made fails the start, and its record says so, before that of the start.
func TestAuditOfNoLabel(t *testing.T) {
	t.Parallel()
	w := labelled()
	s := w.service(t)
	u := define(t, s, "web", "<seclabel/>")
	w.fault = "labels.Dynamic"
	if err := s.Start(context.Background(), u); !errors.Is(err, errFault) {
		t.Errorf("%v", err)
	}
	want := []string{"label web label= res=failed", "resources web def=true", "start web reason=booted res=failed"}
	if diff := cmp.Diff(want, w.takeAudit()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestStaticLabelIsChecked: a label that the policy does not have is refused with the definition, and by a host without
// a policy not before the start.
func TestStaticLabelIsChecked(t *testing.T) {
	t.Parallel()
	const bad = "<seclabel type='static' model='selinux'><label>u:r:bad_t:s0</label></seclabel>"
	w := labelled()
	s := w.service(t)
	for name, call := range map[string]func() error{
		"define": func() error { _, err := s.Define(context.Background(), xmlOf("web", bad)); return err },
		"create": func() error { _, err := s.Create(context.Background(), xmlOf("web", bad)); return err },
	} {
		e, _ := errors.AsType[*domain.Error](call())
		if e == nil || e.Kind != domain.InvalidXML || e.Element != "domain/seclabel/label" {
			t.Errorf("%s: %+v", name, e)
		}
	}
	if list := s.List(); len(list) > 0 {
		t.Errorf("there is %+v", list)
	}
	bare := newWorld()
	define(t, bare.service(t), "web", bad)
}

// TestNoPairTwice: no two containers that run have the same label, through 500 starts with the daemon killed in between
// and in the midst of them.
func TestNoPairTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const containers, starts, seed = 24, 500, 15
		random := rand.New(rand.NewPCG(seed, 1))
		w := newWorld()
		w.policy.pairs = containers + 4
		s := w.service(t)
		var all []domain.UUID
		for n := range containers {
			all = append(all, define(t, s, fmt.Sprint("web", n), "<seclabel/>"))
		}
		points, _ := points(t)
		begun, killed, most := 0, 0, 0
		for begun < starts {
			u := all[random.IntN(len(all))]
			point := ""
			if random.IntN(10) == 0 {
				point = points[random.IntN(len(points))]
			}
			s.Reached = func(p string) error {
				if p == point {
					return dies(w)(s)
				}
				return nil
			}
			over := make(chan struct{})
			go func() {
				defer close(over)
				if s.Start(context.Background(), u) != nil {
					_ = s.Destroy(context.Background(), u)
				} else {
					begun++
				}
			}()
			<-over
			if point != "" {
				killed++
				s = next(t, w)
			}
			most = max(most, checkPairs(t, w))
		}
		if killed < 30 || most < containers/2 {
			t.Errorf("the daemon was killed %d times, and %d containers ran at once", killed, most)
		}
		for _, u := range all {
			if err := s.Destroy(context.Background(), u); err != nil && !errors.As(err, new(*StateError)) {
				t.Error(err)
			}
		}
		for pair, used := range w.daemons[s].used {
			if used {
				t.Errorf("%s is still in use", pair)
			}
		}
	})
}

// checkPairs returns how many containers run.
func checkPairs(t *testing.T, w *world) int {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := map[string]string{}
	for dir, sup := range w.supervisors {
		if sup.over() || sup.label.Process == "" {
			continue
		}
		if other, twice := seen[sup.label.Process]; twice {
			t.Fatalf("%s and %s have %s", dir, other, sup.label.Process)
		}
		seen[sup.label.Process] = dir
	}
	return len(seen)
}
