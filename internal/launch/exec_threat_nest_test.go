//go:build nest

package launch_test

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestExecReachesForOurs: while commands enter a container without a user namespace, its root looks into every process
// that it sees, as fast as it can. It finds no descriptor, no directory and no right of the host. At most it sees that
// the program is still ours.
func TestExecReachesForOurs(t *testing.T) {
	b := newBox(t, `echo ready
look() { while :; do ls -l /proc/[0-9]*/exe /proc/[0-9]*/cwd /proc/[0-9]*/root /proc/[0-9]*/fd/ 2>/dev/null | grep -E 'memfd|anon_inode|socket|fuse|cgroup|ptmx|/run|/dev/pts' ; done; }
rights() { while :; do grep -hE '^(CapEff|CapBnd|CapPrm|Uid)' /proc/[0-9]*/status 2>/dev/null | sort -u; done; }
look > /seen & look > /seen2 & rights > /rights & exec sleep 1000`)
	s := b.run(t)
	b.says(t, "ready")
	for until := time.Now().Add(5 * time.Second); time.Now().Before(until) || !strings.Contains(b.read(t, "/rights"), "Uid"); {
		if got, err := execute(t, s, sh("exit 0"), ""); got.exit != ended(0) || err != nil {
			t.Fatal(got, err)
		}
	}
	for _, file := range []string{"/seen", "/seen2"} {
		for line := range strings.Lines(b.read(t, file)) {
			ours := strings.Contains(line, "/exe -> /memfd:berth-supervisor")
			own := strings.Contains(line, "-> /dev/pts/0\n") // init's console
			if !ours && !own {
				t.Errorf("it saw %s", line)
			}
		}
	}
	rights := map[string]bool{}
	for line := range strings.Lines(b.read(t, "/rights")) {
		rights[line] = true
	}
	if len(rights) != 4 {
		t.Errorf("there are processes with other rights: %v", rights)
	}
}

func (b *box) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(b.root + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
