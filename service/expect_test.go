package service

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// TestMoveExpected: a start, a creation and a reboot have the kernel get ready for the move into the scope, before all
// else that they do outside the daemon.
func TestMoveExpected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := w.service(t)
		var got []string
		for _, call := range []string{"cgroups.ExpectMove", "runs.Create", "supervisors.Begin", "scopes.Start"} {
			w.onCall(call, func() { got = append(got, call) })
		}
		once := []string{"cgroups.ExpectMove", "runs.Create", "supervisors.Begin", "scopes.Start"}
		check := func(name string, err error) {
			t.Helper()
			if diff := cmp.Diff(once, got); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
			}
			got = nil
		}
		u := define(t, s, "web")
		check("start", s.Start(context.Background(), u))
		other, err := s.Create(context.Background(), xmlOf("other"))
		check("create", err)
		before, _ := s.ByUUID(u)
		sup := w.supervisors[u.String()]
		sup.listens = true
		if err := s.Reboot(context.Background(), u, Modes{}); err != nil {
			t.Fatal(err)
		}
		sup.finish(ends()["exit"])
		_, err = s.AwaitEnd(context.Background(), u, before.ID)
		check("reboot", err)
		for _, each := range []domain.UUID{u, other.UUID} {
			if err := s.Destroy(context.Background(), each); err != nil {
				t.Error(err)
			}
		}
	})
}
