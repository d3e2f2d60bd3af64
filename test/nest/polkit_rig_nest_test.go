//go:build nest

package nest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// rootPassword is root's in a nest with polkit. Root is an administrator to polkit where the group sudo is empty.
const rootPassword = "correct horse"

// people has polkitd run, and makes ordinary users of the host for a test.
func people(t *testing.T, names ...string) {
	t.Helper()
	run(t, "systemctl", "start", "polkit.service")
	clean(t)
	shadow, err := os.ReadFile("/etc/shadow")
	if err != nil {
		t.Fatal(err)
	}
	set := exec.Command("chpasswd")
	set.Stdin = strings.NewReader("root:" + rootPassword)
	if out, err := set.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() {
		if err := os.WriteFile("/etc/shadow", shadow, 0o640); err != nil {
			t.Error(err)
		}
	})
	for _, name := range names {
		run(t, "useradd", "--no-create-home", "--shell", "/bin/sh", name)
		t.Cleanup(func() { run(t, "userdel", name) })
	}
}

// polkitRules makes these the rules of polkit until the test's end, before all others.
func polkitRules(t *testing.T, text string) {
	t.Helper()
	const file = "/etc/polkit-1/rules.d/10-test.rules"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.Remove(file)
		restartPolkit(t)
	})
	restartPolkit(t)
}

// restartPolkit has polkitd read its rules, and forget who has authorized himself.
func restartPolkit(t *testing.T) {
	t.Helper()
	try(t, "systemctl", "reset-failed", "polkit.service") // and its start limit
	run(t, "systemctl", "restart", "polkit.service")
}

// example returns a shipped example of rules, changed as its reader would.
func example(t *testing.T, name string, changes ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("/usr/share/doc/berth/examples/polkit", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(changes...).Replace(string(text))
}

// whilePolkitDecides does something for which polkit is asked, and does it again if polkit has refused it for want of a
// result: version 122 now and then misses the end of a rule, and refuses what was asked 15 s later.
func whilePolkitDecides(t *testing.T, do func() result) result {
	t.Helper()
	for {
		begun := time.Now()
		r := do()
		if time.Since(begun) < 10*time.Second {
			return r
		}
		run(t, "journalctl", "--sync")
		missed := try(t, "journalctl", "--quiet", "--unit=polkit.service", "--since=@"+strconv.FormatInt(begun.Unix(), 10), "--grep=Terminating runaway script")
		if missed.Out == "" {
			return r
		}
		t.Logf("once more: %s", missed.Out)
	}
}

// as runs a program as a user of the host.
func as(t *testing.T, name string, command ...string) result {
	t.Helper()
	return whilePolkitDecides(t, func() result {
		return try(t, "setpriv", append([]string{"--reuid", name, "--regid", name, "--init-groups", "--"}, command...)...)
	})
}

// userBinary is the test's own program where every user can execute it.
var userBinary = kept[string]{make: func() (string, error) {
	const file = "/usr/local/bin/" + userProgram
	program, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(file, program, 0o755)
	}
	return file, err
}}

// calls has a user make a call that needs an action.
func calls(t *testing.T, name, mode, action string, path dbus.ObjectPath) (got called) {
	t.Helper()
	program, err := userBinary.get()
	if err != nil {
		t.Fatal(err)
	}
	mode, password, _ := strings.Cut(mode, " ")
	r := as(t, name, program, mode, password, action, string(path))
	if err := json.Unmarshal([]byte(r.Out), &got); err != nil {
		t.Fatalf("%v: %+v", err, r)
	}
	return got
}

// The modes with the right and with a wrong password.
const (
	right = comply + " " + rootPassword
	wrong = comply + " wrong"
)

// permitted reports whether berthd tried to do what was asked.
func (c called) permitted() bool {
	switch c.Error {
	case contract.ErrorAccessDenied, contract.ErrorInteractionRequired, contract.ErrorUnknownObject:
		return false
	}
	return true
}

// object returns the path of a container.
func object(t *testing.T, name string) dbus.ObjectPath {
	t.Helper()
	path, err := bus(t).ByName(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPolkitRig: the rig's polkitd asks the agent of a user and believes polkit's helper only: a right password admits,
// a wrong one, none, and no agent do not. systemd asks it here.
func TestPolkitRig(t *testing.T) {
	people(t, "alice")
	for mode, want := range map[string]string{
		right: "", wrong: "org.freedesktop.DBus.Error.AccessDenied", refuse: "org.freedesktop.DBus.Error.AccessDenied",
		alone: contract.ErrorInteractionRequired, silent: contract.ErrorInteractionRequired,
	} {
		got := calls(t, "alice", mode, reloadSystemd, "/org/freedesktop/systemd1")
		if got.Error != want {
			t.Errorf("%s: %+v", mode, got)
		}
		if asks := mode != alone && mode != silent; asks != (len(got.Asked) == 1 && got.Asked[0].Action == reloadSystemd) {
			t.Errorf("%s: asked %+v", mode, got.Asked)
		}
	}
	if got := calls(t, "alice", leave, reloadSystemd, "/org/freedesktop/systemd1"); len(got.Asked) != 1 || !got.Cancelled {
		t.Errorf("a caller that leaves: %+v", got)
	}
}

// readable writes a definition that every user can read.
func readable(t *testing.T, g guest) string {
	t.Helper()
	file := g.file(t)
	for dir := filepath.Dir(file); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}
