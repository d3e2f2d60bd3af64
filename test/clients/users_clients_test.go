//go:build clients

package clients

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/test/rig/command"
)

// rootPassword is root's in a test with people. Root is an administrator to polkit where the group sudo is empty.
const rootPassword = "correct horse"

const (
	rulesFile     = "/etc/polkit-1/rules.d/10-test.rules"
	restartPolkit = "systemctl reset-failed polkit || true; systemctl restart polkit" // without its start limit
)

// people makes alice a user of the host, who is nobody special, until the test's end, and these the rules of polkit.
func people(t *testing.T, rules string) {
	t.Helper()
	shadow := read(t, "/etc/shadow")
	t.Cleanup(func() {
		run(t, "userdel", "alice")
		if err := os.WriteFile("/etc/shadow", []byte(shadow), 0o640); err != nil {
			t.Error(err)
		}
		shell(t, "rm -f "+rulesFile+"; "+restartPolkit)
	})
	run(t, "useradd", "--no-create-home", "--shell", "/bin/sh", "alice")
	set := exec.Command("chpasswd")
	set.Stdin = strings.NewReader("root:" + rootPassword)
	if out, err := set.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	polkitRules(t, rules)
}

// polkitRules are polkit's from now on, before all others. They go with people.
func polkitRules(t *testing.T, rules string) {
	t.Helper()
	if err := os.WriteFile(rulesFile, []byte(rules), 0o644); err != nil {
		t.Fatal(err)
	}
	shell(t, restartPolkit)
}

const byAlice = "setpriv --reuid=alice --regid=alice --init-groups -- "

// alice runs a line of shell as alice, without a terminal.
func alice(t *testing.T, line string) command.Result {
	t.Helper()
	return try(t, "bash", "-c", "exec setsid "+byAlice+line)
}

// inSession puts a line of shell into a session of alice, by the scope that systemd-logind would make for it. Only
// there polkit uses the agent that virsh starts, which is one for want of a better.
func inSession(number int) string {
	return fmt.Sprintf("systemd-run --quiet --collect --scope --slice=user-$(id -u alice).slice --unit=session-%d.scope -- ", number+1)
}

// answers types a password when the program asks for one, for the nth time, and does not show what is typed.
func (m *terminal) answers(t *testing.T, n int, password string) {
	t.Helper()
	eventually(t, func() error {
		if got := strings.Count(m.text(), "Password: "); got != n {
			return fmt.Errorf("asked %d times:\n%s", got, m.text())
		}
		settings, err := unix.IoctlGetTermios(int(m.master.Fd()), unix.TCGETS)
		if err == nil && settings.Lflag&unix.ECHO != 0 {
			err = fmt.Errorf("what is typed would be seen")
		}
		return err
	})
	m.types(t, password)
}

// TestPassword: on a terminal, virsh of an ordinary user asks for the password of an administrator, by Debian's own
// agent: the right one admits to all but what org.berth1.admin is for, a wrong one does not, and nobody is admitted who
// cannot be asked.
func TestPassword(t *testing.T) {
	host(t)
	define(t, "web", idle, "")
	virsh(t, "start web")
	people(t, "")
	joins := write(t, "joins", idle, "")
	shell(t, `sed -i "s,<domain type='lxc',& xmlns:lxc='http://libvirt.org/schemas/domain/lxc/1.0',
		s,</domain>,<lxc:namespace><lxc:sharenet type='pid' value='1'/></lxc:namespace>&," `+joins.File+"; chmod 0644 "+joins.File)
	const right, wrong = rootPassword + "\r", "wrong\r"
	for session, c := range []struct {
		name, line string
		answers    []string
		status     int
		sees       string
	}{
		{"right", "suspend web", []string{right}, 0, "Domain 'web' suspended"},
		{"a wrong one first", "resume web", []string{wrong, right}, 0, "Domain 'web' resumed"},
		{"always wrong", "suspend web", []string{wrong, wrong, wrong, wrong, wrong}, 1, "error: authentication failed: access denied by policy"},
		{"right, and not enough", "define " + joins.File, []string{right}, 1, "error: access denied: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := onTerminal(t, inSession(session)+byAlice+"virsh -c lxc:///system "+c.line)
			for i, password := range c.answers {
				m.answers(t, i+1, password)
			}
			if got := m.ends(t); got != c.status {
				t.Errorf("exit status %d", got)
			}
			m.shows(t, c.sees)
			m.shows(t, "==== AUTHENTICATING FOR org.berth1.connect ====")
			if got := strings.Count(m.text(), "Password: "); got != len(c.answers) {
				t.Errorf("asked %d times", got)
			}
			if strings.Contains(m.text(), rootPassword) {
				t.Errorf("the password is seen:\n%s", m.text())
			}
		})
	}
	t.Run("nobody to ask", func(t *testing.T) {
		r := alice(t, "virsh -c lxc:///system suspend web")
		if r.Status != 1 || !strings.Contains(r.Err, "error: authentication unavailable: no polkit agent available to authenticate action 'org.berth1.connect'") {
			t.Errorf("got %+v", r)
		}
	})
	if got := virsh(t, "domstate web") + virsh(t, "list --all --name"); got != "runningweb" {
		t.Errorf("web is %s", got)
	}
	if r := try(t, "pgrep", "pkttyagent"); r.Out != "" {
		t.Errorf("agents are left: %s", r.Out)
	}
}

// TestRightsAreTheSame: what a user may do with virsh, and what not, is what he may do over D-Bus.
func TestRightsAreTheSame(t *testing.T) {
	host(t)
	g := define(t, "web", idle, "<console type='pty'/>")
	virsh(t, "start web")
	run(t, "chmod", "0644", g.File)
	people(t, `polkit.addRule(function (action, subject) {
		var may = ["org.berth1.read", "org.berth1.monitor", "org.berth1.control"];
		var connects = action.id == "org.berth1.connect" && action.lookup("verb") == "Connect";
		if (subject.user == "alice" && (connects || may.indexOf(action.id) >= 0)) return polkit.Result.YES;
	});`)
	for _, c := range []struct {
		before, line string
		may          bool
	}{
		{"", "domstate web", true},
		{"", "dumpxml web", true},
		{"", "domstats web", true},
		{"resume", "suspend web", true},
		{"suspend", "resume web", true},
		{"", "send-process-signal web 1 15", false},
		{"", "desc web --live New", false},
		{"", "define " + g.File, false},
		{"", "undefine web", false},
		{"", "autostart web", false},
		{"", "lxc-enter-namespace web -- /bin/true", false},
		{"start", "destroy web", true},
		{"destroy", "start web", true},
	} {
		t.Run(c.line, func(t *testing.T) {
			for program, refusal := range map[string]string{
				"virsh -c lxc:///system ": "access denied: org.berth1.", "berthctl --no-ask-password ": "needs interactive authorization",
			} {
				if c.before != "" {
					try(t, "berthctl", c.before, "web")
				}
				if r := alice(t, program+c.line); (r.Status == 0) != c.may || !c.may && !strings.Contains(r.Err, refusal) {
					t.Errorf("%s: %+v", program, r)
				}
			}
		})
	}
}
