package cgroup

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOwnOptions: of all that mountinfo says of cgroup2, what is kept at a remount are the flags of cgroup2 itself.
func TestOwnOptions(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		mountinfo string
		want      []string
	}{
		"none":          {"30 22 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n", nil},
		"systemd's":     {"30 22 0:26 / /sys/fs/cgroup rw,nosuid,nodev - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n", []string{"nsdelegate", "memory_recursiveprot"}},
		"read-only":     {"30 22 0:26 / /sys/fs/cgroup ro,nosuid shared:4 - cgroup2 cgroup2 ro,favordynmods\n", []string{"favordynmods"}},
		"SELinux":       {"30 22 0:26 / /sys/fs/cgroup rw - cgroup2 none rw,seclabel,nsdelegate\n", []string{"nsdelegate"}},
		"a context":     {"30 22 0:26 / /sys/fs/cgroup rw - cgroup2 none rw,context=system_u:object_r:cgroup_t:s0,nsdelegate\n", []string{"nsdelegate"}},
		"one to come":   {"30 22 0:26 / /sys/fs/cgroup rw - cgroup2 none rw,pids_localevents,news\n", []string{"pids_localevents", "news"}},
		"another mount": {"31 22 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n32 22 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n", []string{"nsdelegate"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, got, err := mountOf(tc.mountinfo)
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Errorf("%v, options (-want +got):\n%s", err, diff)
			}
		})
	}
}
