//go:build nest

package nest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/berthd/berth/contract"
)

// may compares the actions that a user may do with a container with those that he should.
func may(t *testing.T, name, container string, want ...string) {
	t.Helper()
	path := object(t, container)
	var got []string
	for _, action := range actions() {
		if calls(t, name, alone, action, path).permitted() {
			got = append(got, action)
		}
	}
	resume(t, container)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s may %v with %s, not %v", name, got, container, want)
	}
}

// TestPolkitOperators: with the shipped example, members of a group see, watch, start and stop all containers, and
// enter none.
func TestPolkitOperators(t *testing.T) {
	people(t, "alice", "bob")
	webAndDB(t)
	run(t, "groupadd", "--system", "berth-operators")
	t.Cleanup(func() { run(t, "groupdel", "berth-operators") })
	run(t, "usermod", "--append", "--groups", "berth-operators", "alice")
	polkitRules(t, example(t, "operators.rules"))
	for _, name := range []string{"web", "db"} {
		may(t, "alice", name, contract.ActionRead, contract.ActionMonitor, contract.ActionControl)
		may(t, "bob", name)
	}
	for _, line := range []string{"destroy web", "start web", "suspend web", "resume web", "domstats web", "dumpxml web"} {
		if r := as(t, "alice", append([]string{"berthctl"}, strings.Fields(line)...)...); r.Status != 0 {
			t.Errorf("%s: %+v", line, r)
		}
	}
	if r := as(t, "alice", "berthctl", "list"); r.Status != 0 || !strings.Contains(r.Out, "web") || !strings.Contains(r.Out, "db") {
		t.Errorf("%+v", r)
	}
}

// TestPolkitEnter: with the shipped example, members of a group enter one container, and do nothing with another one.
func TestPolkitEnter(t *testing.T) {
	people(t, "alice", "bob")
	webAndDB(t)
	run(t, "groupadd", "--system", "web-admins")
	t.Cleanup(func() { run(t, "groupdel", "web-admins") })
	run(t, "usermod", "--append", "--groups", "web-admins", "alice")
	polkitRules(t, example(t, "enter.rules"))
	may(t, "alice", "web", contract.ActionRead, contract.ActionConsole, contract.ActionExec)
	may(t, "alice", "db")
	may(t, "bob", "web")
	if r := as(t, "alice", "berthctl", "exec", "web", "--", "/bin/echo", "inside"); r.Out != "inside" || r.Status != 0 {
		t.Errorf("%+v", r)
	}
	if r := as(t, "alice", "berthctl", "exec", "db", "--", "/bin/echo", "inside"); r.Status == 0 || r.Out != "" {
		t.Errorf("%+v", r)
	}
}

// TestPolkitOneContainer: with the shipped example, a user controls one container, also after it was renamed, and sees
// no other one.
func TestPolkitOneContainer(t *testing.T) {
	people(t, "alice", "bob")
	webAndDB(t)
	polkitRules(t, example(t, "one-container.rules", "6695eb01-f6a4-8304-79aa-97f2502e193f", info(t, "web").UUID))
	may(t, "alice", "web", contract.ActionRead, contract.ActionMonitor, contract.ActionControl)
	may(t, "alice", "db")
	may(t, "bob", "web")
	if r := as(t, "alice", "berthctl", "list", "--name"); r.Out != "web" || r.Status != 0 {
		t.Errorf("%+v", r)
	}
	run(t, "berthctl", "destroy", "web")
	run(t, "berthctl", "domrename", "web", "shop")
	t.Cleanup(func() { run(t, "berthctl", "undefine", "shop") })
	if r := as(t, "alice", "berthctl", "start", "shop"); r.Status != 0 {
		t.Errorf("%+v", r)
	}
	run(t, "berthctl", "destroy", "shop")
}

// owned is <berth:owner> of a user, and with private a user namespace.
func owned(t *testing.T, name string, private bool) string {
	t.Helper()
	elements := "<owner uid='" + run(t, "id", "-u", name) + "'/>"
	if private {
		elements += "<idmap mode='auto'/>"
	}
	return extension(elements)
}

// TestPolkitOwner: with the shipped example, an ordinary user sees, watches and controls his own containers, and enters
// those with a user namespace; nothing of others, and no definition. He cannot make himself an owner, and is one no
// longer when an administrator says so.
func TestPolkitOwner(t *testing.T) {
	people(t, "alice", "bob")
	watch := []string{contract.ActionRead, contract.ActionMonitor, contract.ActionControl}
	enter := append(watch[:3:3], contract.ActionConsole, contract.ActionExec)
	mine, plain, his, rootly := sleeper(t, "mine"), sleeper(t, "plain"), sleeper(t, "his"), sleeper(t, "rootly")
	mine.More, plain.More, his.More = owned(t, "alice", true), owned(t, "alice", false), owned(t, "bob", true)
	for _, g := range []guest{mine, plain, his, rootly} {
		g.start(t)
	}
	may(t, "alice", "mine") // without the rule
	polkitRules(t, example(t, "owners.rules"))
	may(t, "alice", "mine", enter...)
	may(t, "alice", "plain", watch...)
	may(t, "alice", "his")
	may(t, "alice", "rootly")
	may(t, "bob", "his", enter...)
	for _, line := range []string{"destroy mine", "start mine", "console-log mine", "exec mine -- /bin/true", "dominfo mine", "destroy plain"} {
		if r := as(t, "alice", append([]string{"berthctl"}, strings.Fields(line)...)...); r.Status != 0 {
			t.Errorf("%s: %+v", line, r)
		}
	}
	for _, line := range []string{"exec plain -- /bin/true", "undefine mine", "setmem mine 1048576", "destroy his", "start his"} {
		if r := as(t, "alice", append([]string{"berthctl"}, strings.Fields(line)...)...); r.Status == 0 {
			t.Errorf("%s: %+v", line, r)
		}
	}
	if r := as(t, "alice", "berthctl", "list", "--all", "--name"); r.Out != "mine\nplain" || r.Status != 0 {
		t.Errorf("%+v", r)
	}
	rootly.More = owned(t, "alice", false)
	if r := as(t, "alice", "berthctl", "define", readable(t, rootly)); r.Status == 0 {
		t.Errorf("she has made herself an owner: %+v", r)
	}
	uuid := "<uuid>" + info(t, "mine").UUID + "</uuid>"
	mine.More = uuid + owned(t, "bob", true)
	run(t, "berthctl", "define", mine.file(t))
	may(t, "alice", "mine")
	may(t, "bob", "mine", enter...)
}
