//go:build nest

package nest

import (
	"strings"
	"testing"
)

// TestExecLimits: a command has the limits of the definition, as init has, also a limit of open files that leaves
// nearly none.
func TestExecLimits(t *testing.T) {
	for name, more := range map[string]string{"host's users": "", "user namespace": idmap} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := sleeper(t, "web")
			g.More = more + extension("<rlimit name='nofile' soft='12' hard='200'/><rlimit name='core' hard='0'/><rlimit name='stack' soft='1048576' hard='2097152'/><rlimit name='fsize' soft='1024' hard='1048576'/>")
			g.start(t)
			const shown = "ulimit -S -n; ulimit -H -n; ulimit -S -c; ulimit -H -c; ulimit -S -s; ulimit -H -s; ulimit -S -f; ulimit -H -f"
			got := strings.Fields(run(t, "berthctl", "exec", "web", "--", "sh", "-c", shown))
			if want := "12 200 0 0 1024 2048 2 2048"; strings.Join(got, " ") != want { // the shell shows blocks of 512 bytes
				t.Errorf("got %v, want %s", got, want)
			}
			run(t, "berthctl", "destroy", "web")
		})
	}
}
