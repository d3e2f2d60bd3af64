package supervisor

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/berthd/berth/internal/cgroup"
	"github.com/berthd/berth/internal/wire"
)

// TestOOMKills: the kills of the whole scope are counted, and a host that does not count, or a start that has no group
// yet, gives none.
func TestOOMKills(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		events string
		want   *wire.Killed
	}{
		"none":      {"low 0\nhigh 1\nmax 5\noom 0\noom_kill 0\n", nil},
		"some":      {"low 0\nhigh 1\nmax 5\noom 2\noom_kill 7\noom_group_kill 0\n", &wire.Killed{OOMKills: 7}},
		"no file":   {"", nil},
		"no number": {"oom_kill many\n", nil},
	} {
		root := t.TempDir()
		if err := os.Mkdir(filepath.Join(root, "payload"), 0o700); err != nil {
			t.Fatal(err)
		}
		if tc.events != "" {
			if err := os.WriteFile(filepath.Join(root, "memory.events"), []byte(tc.events), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		payload, err := cgroup.At(root, "payload")
		if err != nil {
			t.Fatal(err)
		}
		s := &supervisor{payload: payload, initPID: uint32(os.Getpid())}
		got := s.oomKills()
		if (got == nil) != (tc.want == nil) || got != nil && *got != *tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
		if err := payload.Close(); err != nil {
			t.Error(err)
		}
	}
	if got := new(supervisor).oomKills(); got != nil {
		t.Errorf("without a group: %+v", got)
	}
}
