//go:build nest

package nest

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// auditSockets are the sockets of netlink's audit family that a process has open.
func auditSockets(t testing.TB, pid int) (list []string) {
	t.Helper()
	table, err := os.Open("/proc/net/netlink")
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	family := map[string]string{}
	for lines := bufio.NewScanner(table); lines.Scan(); {
		f := strings.Fields(lines.Text())
		family["socket:["+f[len(f)-1]+"]"] = f[1]
	}
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil || len(files) == 0 || len(family) < 2 {
		t.Fatalf("%d descriptors, %d sockets, %v", len(files), len(family), err)
	}
	for _, file := range files {
		if at, _ := os.Readlink(file); family[at] == "9" {
			list = append(list, at)
		}
	}
	return list
}

// TestAuditOfTheHost: in a pid namespace of its own berthd sends nothing to the kernel's audit, which is the host's.
// The property Audit and one line in the journal say so, and containers start. With Audit=required none does, and
// nothing of it is left.
func TestAuditOfTheHost(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.define(t)
	said := func() string {
		invocation := run(t, "systemctl", "show", "--property=InvocationID", "--value", "berthd")
		return journal(t, "--output=cat", "_SYSTEMD_INVOCATION_ID="+invocation)
	}
	const property = "busctl get-property org.berth1 /org/berth1 org.berth1.Manager Audit"
	for mode, want := range map[string]string{"on": "unavailable", "off": "off", "required": "unavailable"} {
		configure(t, "[Daemon]\nAudit="+mode+"\n")
		if got := run(t, "sh", "-c", property); got != `s "`+want+`"` {
			t.Errorf("Audit=%s: the property is %s", mode, got)
		}
		r := try(t, "berthctl", "start", "web")
		switch {
		case mode == "required" && (r.Status == 0 || !strings.Contains(r.Err, "its records are required, and are not written: berthd is in a pid namespace")):
			t.Errorf("required: %+v", r)
		case mode != "required" && r.Status != 0:
			t.Errorf("%s: %+v", mode, r)
		case mode != "required":
			run(t, "berthctl", "destroy", "web")
		}
		if list := auditSockets(t, daemon(t)); len(list) > 0 {
			t.Errorf("Audit=%s: berthd has %v", mode, list)
		}
		lines := map[string]int{"on": 1, "off": 0, "required": 2}[mode] // the second is the start that failed
		if got := said(); strings.Count(got, "pid namespace other than the host's") != lines || strings.Contains(got, "virt=lxc") {
			t.Errorf("Audit=%s: the journal has\n%s", mode, got)
		}
	}
}
