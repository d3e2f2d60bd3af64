//go:build vm

package vm

import (
	"os/exec"
	"strings"
	"testing"
)

// policy runs what the package's scripts run. It takes half a minute in the virtual machine, and longer beside other
// work, so it has no time limit but the tests'.
func policy(t *testing.T, verb string) result {
	t.Helper()
	var out, err strings.Builder
	cmd := exec.Command("/usr/libexec/berth/berth-selinux", verb)
	cmd.Stdout, cmd.Stderr = &out, &err
	_ = cmd.Run()
	return result{Out: out.String(), Err: err.String(), Status: cmd.ProcessState.ExitCode()}
}

// modules is whether Berth's two modules are loaded.
func modules(t *testing.T) string {
	t.Helper()
	var names []string
	for line := range strings.SplitSeq(run(t, "semodule", "--list-modules=full"), "\n") {
		if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1], "berth") {
			names = append(names, f[0]+" "+f[1])
		}
	}
	return strings.Join(names, ", ")
}

// TestPolicyIsLoadedAndRemoved: what the package's scripts call loads the policy and labels the files, does nothing
// when it is there, removes it, and leaves it while a container needs it. A container that ran before it was loaded
// goes on, and obeys.
func TestPolicyIsLoadedAndRemoved(t *testing.T) {
	const both = "200 berth, 200 berth-container"
	daemon := func() string {
		run(t, "systemctl", "restart", "berthd.service")
		return domain(t, run(t, "systemctl", "show", "berthd.service", "--property=MainPID", "--value"))
	}
	policyIs := func(want, file string) {
		t.Helper()
		if got := modules(t); got != want {
			t.Errorf("the modules are %q, want %q", got, want)
		}
		if got := run(t, "stat", "--format=%C", "/usr/sbin/berthd"); !strings.Contains(got, ":"+file+":") {
			t.Errorf("berthd has %s, want %s", got, file)
		}
	}
	if r := policy(t, "load"); r != (result{}) {
		t.Errorf("it is loaded already: %+v", r)
	}
	policyIs(both, "berthd_exec_t")

	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>"}
	g.start(t)
	run(t, "systemctl", "stop", "berthd.service")
	if r := policy(t, "unload"); r.Status != 0 || !strings.Contains(r.Err, "so it stays; later: semodule -X 200 -r berth-container berth") {
		t.Errorf("with a container: %+v", r)
	}
	policyIs(both, "berthd_exec_t")
	run(t, "berthctl", "destroy", "web")
	run(t, "systemctl", "stop", "berthd.service")
	if r := policy(t, "unload"); r.Status != 0 || strings.Contains(r.Err, "berth-selinux: ") {
		t.Errorf("without a container: %+v", r)
	}
	policyIs("", "bin_t")
	if r := policy(t, "unload"); r != (result{}) {
		t.Errorf("once more: %+v", r)
	}

	if got := daemon(); got != "initrc_t" {
		t.Errorf("without the policy berthd is in %s", got)
	}
	run(t, "berthctl", "start", "web")
	init := g.leader(t)
	if r := policy(t, "load"); r.Status != 0 || r.Out != "" {
		t.Errorf("load: %+v", r)
	}
	policyIs(both, "berthd_exec_t")
	if got := daemon(); got != "berthd_t" {
		t.Errorf("with the policy berthd is in %s", got)
	}
	if got := g.leader(t); got != init || domain(t, init) != "initrc_t" {
		t.Errorf("init was %s and is %s, in %s", init, got, domain(t, got))
	}
	run(t, "berthctl", "suspend", "web")
	run(t, "berthctl", "resume", "web")
	if got := run(t, "berthctl", "exec", "web", "--", "/bin/echo", "words"); got != "words" {
		t.Errorf("exec: %q", got)
	}
	run(t, "berthctl", "destroy", "web")
	run(t, "berthctl", "start", "web")
	if got := domain(t, g.leader(t)); got != "berth_unconfined_t" {
		t.Errorf("after its next start it is in %s", got)
	}
}
