//go:build clients

package clients

import (
	"encoding/csv"
	"strconv"
	"strings"
	"testing"

	"github.com/berthd/berth/test/rig/command"
)

// TestReaders: a user who may only read sees containers and their figures by virsh -r and virt-top, is asked for no
// password, and changes nothing. One who may not even read sees none.
func TestReaders(t *testing.T) {
	busy(t)
	people(t, `polkit.addRule(function (action, subject) {
		if (subject.user == "alice" && (action.id == "org.berth1.read" || action.id == "org.berth1.monitor")) return polkit.Result.YES;
	});`)
	const reads = "virsh -r -c lxc:///system "
	for line, want := range map[string]string{"list --all --name": "busy", "domstate busy": "running", "uri": "lxc:///system"} {
		if r := alice(t, reads+line); r != (command.Result{Out: want}) {
			t.Errorf("%s: %+v, want %s", line, r, want)
		}
	}
	has(t, alice(t, reads+"domstats busy").Out, "cpu.time=", "net.0.name=busy0")
	for line, want := range map[string]string{
		"destroy busy": "read only access prevents virDomainDestroy", "suspend busy": "read only access prevents virDomainSuspend",
		"dumpxml --security-info busy": "operation forbidden: virDomainGetXMLDesc with secure flag", "lxc-enter-namespace busy -- /bin/true": "read only access prevents",
	} {
		if r := alice(t, reads+line); r.Status != 1 || !strings.Contains(r.Err, want) {
			t.Errorf("%s: %+v, want %s", line, r, want)
		}
	}
	if r := alice(t, "virsh -c lxc:///system list"); r.Status != 1 || !strings.Contains(r.Err, "authentication unavailable") {
		t.Errorf("to do more: %+v", r)
	}

	before := consumed(t, "busy")
	user := run(t, "id", "-u", "alice") + ":" + run(t, "id", "-g", "alice")
	const file = "/tmp/alice.csv" // in both roots
	t.Cleanup(func() { shell(t, "rm -f "+file) })
	shell(t, "timeout 240 chroot --userspec="+user+" --groups= /srv/debian13 env TERM=xterm virt-top -c lxc:///system --script --csv "+file+" -n 2 -d 1")
	after := consumed(t, "busy")
	rows, err := csv.NewReader(strings.NewReader(read(t, file))).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatal(err, rows)
	}
	last := map[string]string{}
	for i, name := range rows[0] {
		last[name] = rows[2][i]
	}
	used, err := strconv.ParseFloat(last["CPU (ns)"], 64)
	if err != nil || last["Domain name"] != "busy" || used == 0 || used > float64(after-before) {
		t.Errorf("virt-top tells of %v, %v; the kernel counted %d ns", last, err, after-before)
	}

	polkitRules(t, "")
	if r := alice(t, reads+"list --all --name"); strings.Contains(r.Out, "busy") {
		t.Errorf("without the right to read: %+v", r)
	}
}
