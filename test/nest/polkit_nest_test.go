//go:build nest

package nest

import (
	"errors"
	"os"
	"strings"
	"testing"
)

// asUser calls a method of berthd as a user of the host who is not root, with busctl.
func asUser(t *testing.T, args ...string) result {
	t.Helper()
	return try(t, "setpriv", append([]string{"--reuid=65534", "--clear-groups", "busctl", "--allow-interactive-authorization=no", "call", "org.berth1"}, args...)...)
}

// rules gives polkit rules until the test ends. Polkit reads them by itself, so the test waits until probe says that it has.
func rules(t *testing.T, text string, probe func() bool) {
	t.Helper()
	const name = "/etc/polkit-1/rules.d/10-berth-test.rules"
	if err := os.MkdirAll("/etc/polkit-1/rules.d", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	})
	eventually(t, func() error {
		if !probe() {
			return errors.New("polkit has not read the rules")
		}
		return nil
	})
}

// TestUserIsDenied: a user without any right learns nothing from berthd, on a host with a real polkitd: not from lists,
// nor from the errors of a container that exists. A rule lets him see, start one container and no other. Root
// needs no polkitd.
func TestUserIsDenied(t *testing.T) {
	clean(t)
	sleeper(t, "mine").define(t)
	sleeper(t, "other").define(t)
	object := func(name string) string {
		return "/org/berth1/container/_" + strings.ReplaceAll(run(t, "berthctl", "domuuid", name), "-", "_")
	}
	mine, other, missing := object("mine"), object("other"), "/org/berth1/container/_00000000_0000_4000_8000_000000000000"
	list := []string{"/org/berth1", "org.berth1.Manager", "ListContainers", "a{sv}", "0"}
	start := []string{"org.berth1.Container", "Start", "a{sv}", "0"}
	if r := asUser(t, list...); r.Status == 0 || !strings.Contains(r.Err, "org.berth1.read needs interactive authorization") {
		t.Errorf("list: %+v", r)
	}
	texts := map[string]bool{}
	for _, path := range []string{mine, other, missing} {
		r := asUser(t, append([]string{path}, start...)...)
		if r.Status == 0 || !strings.Contains(r.Err, "no right to see it") {
			t.Errorf("start: %+v", r)
		}
		texts[strings.ReplaceAll(r.Err, path, "PATH")] = true
	}
	if len(texts) != 1 {
		t.Errorf("the errors tell what exists: %v", texts)
	}
	rules(t, `polkit.addRule(function(action, subject) {
		if (action.id.indexOf("org.berth1.") == 0 && action.lookup("container") == "mine") return polkit.Result.YES;
	});`, func() bool { return asUser(t, list...).Status == 0 })
	if r := asUser(t, list...); !strings.Contains(r.Out, `"mine"`) || strings.Contains(r.Out, `"other"`) {
		t.Errorf("list: %+v", r)
	}
	if r := asUser(t, append([]string{mine}, start...)...); r.Status != 0 {
		t.Errorf("start: %+v", r)
	}
	if r := asUser(t, append([]string{other}, start...)...); r.Status == 0 || !strings.Contains(r.Err, "no right to see it") {
		t.Errorf("start another: %+v", r)
	}
	run(t, "systemctl", "stop", "polkit.service")
	run(t, "systemctl", "mask", "--runtime", "polkit.service")
	defer func() { run(t, "systemctl", "unmask", "--runtime", "polkit.service") }()
	run(t, "berthctl", "destroy", "mine")
	if r := asUser(t, append([]string{mine}, start...)...); r.Status == 0 || !strings.Contains(r.Err, "denied") { // busctl does not show the text
		t.Errorf("without polkitd: %+v", r)
	}
}
