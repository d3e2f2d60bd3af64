//go:build nest

package nest

import (
	"strings"
	"testing"
)

// TestLabelsWithoutSELinux: on a host without SELinux a container that shall have a label does not start, and the error
// says why; one with none does. domlabel says that there are no labels, and so does one line of the journal.
func TestLabelsWithoutSELinux(t *testing.T) {
	const why = "this host has no labels for containers: the kernel has no SELinux"
	g := script(t, "labelled", "exec sleep 100000")
	g.More = "<seclabel type='dynamic' model='selinux' relabel='yes'/>"
	g.define(t)
	if r := try(t, "berthctl", "start", g.Name); r.Status == 0 || !strings.Contains(r.Err, why) {
		t.Errorf("%+v", r)
	}
	free := script(t, "free", "exec sleep 100000")
	free.More = "<seclabel type='none' model='selinux'/>"
	free.start(t)
	if got := run(t, "berthctl", "domlabel", free.Name); got != "Security model: none" {
		t.Errorf("domlabel: %q", got)
	}
	if got := run(t, "berthctl", "dumpxml", free.Name); !strings.Contains(got, "<seclabel type='none' model='selinux'/>") {
		t.Errorf("dumpxml: %s", got)
	}
	run(t, "systemctl", "restart", "berthd.service")
	invocation := run(t, "systemctl", "show", "--property=InvocationID", "--value", "berthd.service")
	if got := journal(t, "--output=cat", "_SYSTEMD_INVOCATION_ID="+invocation); strings.Count(got, "no security labels") != 1 {
		t.Errorf("the journal has\n%s", got)
	}
}
