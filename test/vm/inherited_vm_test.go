//go:build vm

package vm

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestInheritedRights: init begins as a service of the host also where that takes rights that a nest lacks: higher
// hard limits, another OOM score and no real-time scheduling.
func TestInheritedRights(t *testing.T) {
	const dropIn = "/run/systemd/system/berthd.service.d/70-odd.conf"
	const odd = `[Service]
CPUSchedulingPolicy=fifo
CPUSchedulingPriority=7
CPUSchedulingResetOnFork=yes
IOSchedulingClass=realtime
OOMScoreAdjust=-500
LimitNOFILE=300:400
LimitNPROC=3000:4000
LimitCORE=0:100
LimitNICE=30
LimitRTPRIO=20
LimitMEMLOCK=64K:128K
`
	if err := os.MkdirAll(filepath.Dir(dropIn), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dropIn, []byte(odd), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.Remove(dropIn)
		run(t, "systemctl", "daemon-reload")
		run(t, "systemctl", "restart", "berthd")
	})
	run(t, "systemctl", "daemon-reload")
	run(t, "systemctl", "restart", "berthd")
	run(t, "systemd-run", "--quiet", "--unit=plain", "sleep", "100000")
	t.Cleanup(func() { run(t, "systemctl", "stop", "plain.service") })
	look := func(pid string) string {
		return run(t, "sh", "-c", "cd /proc/$1; cat limits oom_score_adj timerslack_ns; cut -d' ' -f40,41 < stat; chrt -p $1 | sed 's/.*: //'; ionice -p $1", "-", pid)
	}
	pid := func(unit string) string {
		return run(t, "systemctl", "show", "--property=MainPID", "--value", unit)
	}
	plain := look(pid("plain.service"))
	if odd := look(pid("berthd.service")); odd == plain {
		t.Errorf("berthd is as any service:\n%s", odd)
	}
	for kind, more := range map[string]string{
		"plain":          "",
		"user namespace": "<idmap><uid start='0' target='100000' count='65536'/><gid start='0' target='100000' count='65536'/></idmap>",
	} {
		t.Run(kind, func(t *testing.T) {
			g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>" + more}
			g.start(t)
			if diff := cmp.Diff(plain, look(g.leader(t))); diff != "" {
				t.Errorf("-service +init\n%s", diff)
			}
		})
	}
}
