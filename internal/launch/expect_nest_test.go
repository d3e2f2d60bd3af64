//go:build nest

package launch

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/cgroup"
)

// TestExpectMoveMovesNobody: who expects a move is in the same control group afterwards, with the same others.
func TestExpectMoveMovesNobody(t *testing.T) {
	cgroups, err := NewCgroups()
	if err != nil {
		t.Fatal(err)
	}
	where := func() string {
		group, err := cgroup.Of(uint32(os.Getpid()))
		if err != nil {
			t.Fatal(err)
		}
		members, err := os.ReadFile(cgroups.mountPoint + group + "/cgroup.procs")
		if err != nil {
			t.Fatal(err)
		}
		pids := strings.Fields(string(members))
		slices.Sort(pids)
		return group + " " + strings.Join(pids, " ")
	}
	before := where()
	for range 50 {
		if err := cgroups.stay(cgroups.mountPoint); err != nil {
			t.Fatal(err)
		}
	}
	if got := where(); got != before {
		t.Errorf("it was in %s, and is in %s", before, got)
	}
}
