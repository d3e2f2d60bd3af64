//go:build nest

package nest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// actions are those that a call about a container can need.
func actions() []string {
	return []string{
		contract.ActionRead, contract.ActionMonitor, contract.ActionControl, contract.ActionConsole, contract.ActionExec,
		contract.ActionNamespaces, contract.ActionManage,
	}
}

// implied are those that go with org.berth1.manage.
func implied() []string {
	return []string{contract.ActionRead, contract.ActionMonitor, contract.ActionControl, contract.ActionConsole}
}

// webAndDB starts two containers, and returns their objects.
func webAndDB(t *testing.T) (web, db dbus.ObjectPath) {
	t.Helper()
	sleeper(t, "web").start(t)
	sleeper(t, "db").start(t)
	return object(t, "web"), object(t, "db")
}

// resume undoes what the call for org.berth1.control does.
func resume(t *testing.T, name string) {
	t.Helper()
	if info(t, name).State == "paused" {
		run(t, "berthctl", "resume", name)
	}
}

// TestPolkitDenied: a user may do nothing as Berth is installed, for each action, and with a rule that says no. No
// refusal tells a container that there is from one that there is not.
func TestPolkitDenied(t *testing.T) {
	people(t, "alice")
	web, _ := webAndDB(t)
	const missing dbus.ObjectPath = contract.ContainerPath + "/_11111111_2222_3333_4444_555555555555"
	tell := func(mode string) {
		t.Helper()
		for _, action := range actions() {
			got, of := calls(t, "alice", mode, action, web), calls(t, "alice", mode, action, missing)
			if got.permitted() {
				t.Errorf("%s, %s: %+v", mode, action, got)
			}
			if strings.ReplaceAll(fmt.Sprint(got), string(web), "OBJECT") != strings.ReplaceAll(fmt.Sprint(of), string(missing), "OBJECT") {
				t.Errorf("%s, %s: %+v for a container that there is, and %+v for one that there is not", mode, action, got, of)
			}
		}
	}
	tell(alone)
	tell(silent)
	tell(refuse)
	polkitRules(t, `polkit.addRule(function (action, subject) { if (action.id.indexOf("org.berth1.") == 0) return polkit.Result.NO; });`)
	tell(alone)
	tell(silent)
	for _, name := range []string{"web", "missing"} {
		if r := as(t, "alice", "berthctl", "start", name); r.Status != 1 || strings.Contains(r.Err, "active") {
			t.Errorf("%+v", r)
		}
	}
	if r := as(t, "alice", "berthctl", "list", "--all"); strings.Contains(r.Out+r.Err, "web") {
		t.Errorf("%+v", r)
	}
	if got := info(t, "web").State; got != "running" {
		t.Errorf("web is %s", got)
	}
}

// TestPolkitRule: a rule for one container admits its user there, for each action that it names and no other one, and
// nowhere else.
func TestPolkitRule(t *testing.T) {
	people(t, "alice", "bob")
	web, db := webAndDB(t)
	for _, action := range actions() {
		t.Run(action, func(t *testing.T) {
			polkitRules(t, `polkit.addRule(function (action, subject) {
				if (action.lookup("container") == "web" && subject.user == "alice" && action.id == "`+action+`") return polkit.Result.YES;
			});`)
			for _, other := range actions() {
				got := calls(t, "alice", alone, other, web)
				if got.permitted() != (other == action || action == contract.ActionManage && slices.Contains(implied(), other)) {
					t.Errorf("%s of web: %+v", other, got)
				}
			}
			resume(t, "web")
			if got := calls(t, "alice", alone, action, db); got.permitted() {
				t.Errorf("of db: %+v", got)
			}
			if got := calls(t, "bob", alone, action, web); got.permitted() {
				t.Errorf("by bob: %+v", got)
			}
		})
	}
}

// TestPolkitAsks: for each action, an administrator's password admits the call for which polkit asks, once, and before
// that once to see the container; a wrong one, and one that is not typed, do not.
func TestPolkitAsks(t *testing.T) {
	people(t, "alice")
	web, _ := webAndDB(t)
	for _, action := range actions() {
		t.Run(action, func(t *testing.T) {
			for _, mode := range []string{refuse, wrong, right} {
				got := calls(t, "alice", mode, action, web)
				if got.permitted() != (mode == right) {
					t.Errorf("%s: %+v", mode, got)
				}
				var asked []string
				for _, q := range got.Asked {
					asked = append(asked, q.Action)
				}
				want := []string{contract.ActionRead} // first: he cannot see it
				if mode == right && action != contract.ActionRead {
					want = append(want, action)
				}
				if !slices.Equal(asked, want) {
					t.Errorf("%s: asked %+v", mode, got.Asked)
				}
			}
			resume(t, "web")
		})
	}
}

// TestPolkitCallerLeaves: polkit's question is taken back when the caller leaves the bus, for each action, nothing is
// done, and berthd serves.
func TestPolkitCallerLeaves(t *testing.T) {
	people(t, "alice")
	web, _ := webAndDB(t)
	pid := daemon(t)
	for _, action := range actions() {
		if got := calls(t, "alice", leave, action, web); len(got.Asked) != 1 || !got.Cancelled {
			t.Errorf("%s: %+v", action, got)
		}
	}
	if got := info(t, "web").State; got != "running" || daemon(t) != pid {
		t.Errorf("web is %s, berthd %d was %d", got, daemon(t), pid)
	}
}

// TestPolkitAway: without polkitd, root may do everything, and no other user anything.
func TestPolkitAway(t *testing.T) {
	people(t, "alice")
	run(t, "systemctl", "mask", "--now", "--runtime", "polkit.service")
	t.Cleanup(func() {
		run(t, "systemctl", "unmask", "--runtime", "polkit.service")
		run(t, "systemctl", "start", "polkit.service")
	})
	run(t, "systemctl", "restart", "berthd.service")
	web, _ := webAndDB(t)
	run(t, "berthctl", "suspend", "web")
	run(t, "berthctl", "resume", "web")
	for _, action := range actions() {
		if got := calls(t, "alice", alone, action, web); got.Error != contract.ErrorAccessDenied {
			t.Errorf("%s: %+v", action, got)
		}
	}
	if r := as(t, "alice", "berthctl", "list"); r.Status != 1 || !strings.Contains(r.Err, "polkit") {
		t.Errorf("%+v", r)
	}
}

// TestPolkitTargets: who may define containers is asked for more where a definition reaches what belongs to the host: a
// rule for org.berth1.manage does not give that, and an administrator's password does.
func TestPolkitTargets(t *testing.T) {
	people(t, "alice")
	web, _ := webAndDB(t)
	polkitRules(t, `polkit.addRule(function (action, subject) { if (action.id == "org.berth1.manage") return polkit.Result.YES; });`)
	for mode, asks := range map[string]int{alone: 0, silent: 0, refuse: 1, wrong: 1, right: 1} {
		got := calls(t, "alice", mode, contract.ActionAdmin, web)
		if got.permitted() != (mode == right) {
			t.Errorf("%s: %+v", mode, got)
		}
		if len(got.Asked) != asks || asks > 0 && got.Asked[0].Action != contract.ActionAdmin {
			t.Errorf("%s: asked %+v", mode, got.Asked)
		}
	}
	if got := calls(t, "alice", alone, contract.ActionManage, web); !got.permitted() {
		t.Errorf("what reaches nothing: %+v", got)
	}
}
