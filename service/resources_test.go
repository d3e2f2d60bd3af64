package service

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/domain"
)

// resourcesFake lacks the processor 9.
type resourcesFake struct{ *daemon }

func (r resourcesFake) Check(d *domain.Def) error {
	if err := r.call("resources.Check"); err != nil {
		return err
	}
	if strings.Contains(string(d.CPU.Set), "9") {
		return &domain.Error{Kind: domain.InvalidConfig, Element: "domain/vcpu@cpuset", Text: "the host has no processor 9"}
	}
	return nil
}

// TestLackingResources: a start that asks for what the host lacks says which element does, and makes nothing.
func TestLackingResources(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	u := define(t, s, "web", "<vcpu cpuset='9'>1</vcpu>")
	w.onCall("runs.Create", func() { t.Error("a run was begun") })
	err := s.Start(context.Background(), u)
	start, _ := errors.AsType[*StartError](err)
	e, _ := errors.AsType[*domain.Error](err)
	if start == nil || start.Step != "definition" || e == nil || e.Element != "domain/vcpu@cpuset" {
		t.Errorf("%v", err)
	}
	if snap, _ := s.ByUUID(u); snap.State != StateShutoff || snap.Reason != ReasonFailed {
		t.Errorf("it is %s/%s", snap.State, snap.Reason)
	}
	if left := w.left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// TestLimitWithoutEffect: a limit that the control group has no file for fails the start, and nothing is left of it.
func TestLimitWithoutEffect(t *testing.T) {
	t.Parallel()
	const xml = "<vcpu cpuset='0'>1</vcpu><blkiotune><weight>5</weight></blkiotune>"
	for fault, element := range map[string]string{
		"cgroup.Has cpuset.cpus": "domain/vcpu@cpuset",
		"cgroup.Has io.weight":   "", // the other name is there
	} {
		w := newWorld()
		s := w.service(t)
		u := define(t, s, "web", xml)
		w.fault = fault
		err := s.Start(context.Background(), u)
		if element == "" {
			if err != nil {
				t.Errorf("%s: %v", fault, err)
			}
			continue
		}
		start, _ := errors.AsType[*StartError](err)
		e, _ := errors.AsType[*domain.Error](err)
		if start == nil || start.Step != "scope" || e == nil || e.Element != element {
			t.Errorf("%s: %v", fault, err)
		}
		if left := w.left(); len(left) > 0 {
			t.Errorf("%s left %v", fault, left)
		}
	}
}
