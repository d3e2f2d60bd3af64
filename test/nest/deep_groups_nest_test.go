//go:build nest

package nest

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestDeepGroups: however deep the control groups are that a container makes, none is left when it has ended.
func TestDeepGroups(t *testing.T) {
	const scope = "/sys/fs/cgroup/machine.slice/machine-web.scope"
	// A podman or systemd inside needs a few levels.
	const dig = `d=/sys/fs/cgroup; i=0; while [ $i -lt 300 ] && mkdir $d/b; do d=$d/b; i=$((i+1)); done; [ $i -ge 40 ] && echo enough; echo THE END; exec sleep 100000`
	for name, more := range map[string]string{"plain": "", "user namespace": idmap} {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(func() { _ = exec.Command("find", scope, "-depth", "-type", "d", "-delete").Run() })
			g := guest{Name: "web", Init: "/bin/sh", More: more}
			g.Args = "<initarg>-c</initarg><initarg>" + escape(dig) + "</initarg>"
			g.Devs = bindFS(busybox(t), "/", "")
			g.start(t)
			if said := says(t, "web", "THE END"); !strings.Contains(said, "enough") {
				t.Errorf("it could make too few:\n%s", said)
			}
			run(t, "berthctl", "destroy", "web")
			eventually(t, func() error {
				if _, err := os.Stat(scope); !errors.Is(err, os.ErrNotExist) {
					return errors.New(scope + " is left")
				}
				return nil
			})
		})
	}
}
