package host

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestV1Mounts: each v1 hierarchy with a controller is found once.
func TestV1Mounts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text string
		want []string
	}{
		{"v2 alone", "25 24 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n", nil},
		{
			"both, one mounted twice, and systemd's own",
			`30 24 0:25 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
31 24 0:26 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
32 24 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct
33 24 0:27 / /mnt/cpu rw - cgroup cgroup rw,cpu,cpuacct
34 24 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
`,
			[]string{"/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/memory"},
		},
		{"cut short", "32 24 0:27\nnothing - cgroup\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, v1Mounts(tt.text)); diff != "" {
				t.Errorf("v1Mounts (-want +got):\n%s", diff)
			}
		})
	}
}
