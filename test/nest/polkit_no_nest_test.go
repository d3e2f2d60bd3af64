//go:build nest

package nest

import (
	"slices"
	"strings"
	"testing"

	"github.com/berthd/berth/contract"
)

// TestPolkitNo: a rule that says no to an action is obeyed on the bus and by libvirt's socket, also of who has an
// action that implies it.
func TestPolkitNo(t *testing.T) {
	people(t, "alice")
	withLibvirt(t)
	sleeper(t, "web").start(t)
	web := object(t, "web")
	polkitRules(t, `polkit.addRule(function (action, subject) {
		if (subject.user != "alice") return;
		if (["org.berth1.exec", "org.berth1.console"].indexOf(action.id) >= 0) return polkit.Result.NO;
		if (["org.berth1.connect", "org.berth1.manage"].indexOf(action.id) >= 0) return polkit.Result.YES;
	});`)
	for _, action := range actions() {
		got := calls(t, "alice", right, action, web)
		if no := slices.Contains([]string{contract.ActionExec, contract.ActionConsole}, action); got.permitted() == no || len(got.Asked) > 0 {
			t.Errorf("%s: %+v", action, got)
		}
	}
	resume(t, "web")
	for line, refusal := range map[string]string{
		"dumpxml web": "", "desc web --title hello": "", "send-process-signal web 1 15": "org.berth1.exec",
	} {
		r := as(t, "alice", append([]string{"virsh", "-c", "lxc:///system"}, strings.Fields(line)...)...)
		if (r.Status != 0) != (refusal != "") || !strings.Contains(r.Err, refusal) {
			t.Errorf("virsh %s: %+v", line, r)
		}
	}
}
