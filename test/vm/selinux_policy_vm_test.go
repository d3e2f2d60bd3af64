//go:build vm

package vm

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// ours matches a denial whose subject is a program of Berth's. What a container is denied is no fault of the policy.
var ours = regexp.MustCompile(`^type=(USER_)?AVC .* scontext=\S+:berth(d|_supervisor|_nbd|_unconfined)_t:`)

// nothingWasDenied is the claim about the whole run: the policy denied nothing to berthd, to a supervisor, to qemu-nbd
// or to a container without a label, and the bus refused nobody a message to berthd.
func nothingWasDenied() error {
	text, err := os.ReadFile("/var/log/audit/audit.log")
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	var denied []string
	for line := range strings.SplitSeq(string(text), "\n") {
		toUs := strings.HasPrefix(line, "type=USER_AVC ") && strings.Contains(line, ":berthd_t:")
		// One line for what differs in its numbers only.
		kind := regexp.MustCompile(`[0-9]+`).ReplaceAllString(line, "0")
		if (ours.MatchString(line) || toUs) && strings.Contains(line, "denied") && !seen[kind] {
			seen[kind] = true
			denied = append(denied, line)
		}
	}
	if len(denied) > 0 {
		return fmt.Errorf("the policy lacks rules:\n%s", strings.Join(denied, "\n"))
	}
	if _, err := os.Stat("/sys/fs/selinux/enforce"); err != nil {
		return errors.Join(errors.New("SELinux is not there"), err)
	}
	return nil
}

// domain is the type of a process's label.
func domain(t testing.TB, pid string) string {
	t.Helper()
	text, err := os.ReadFile("/proc/" + pid + "/attr/current")
	fields := strings.Split(strings.Trim(string(text), "\x00\n"), ":")
	if err != nil || len(fields) < 4 {
		t.Fatalf("label of %s: %q, %v", pid, text, err)
	}
	return fields[2]
}

// TestDomains: berthd, its spare supervisors, the supervisor of a container, and a container without a label each
// have their domain, and Berth's files their types.
func TestDomains(t *testing.T) {
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>"}
	g.start(t)
	init := g.leader(t)
	status, err := os.ReadFile("/proc/" + init + "/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "\nPPid:\t")
	supervisor, _, _ := strings.Cut(rest, "\n")
	daemon := run(t, "systemctl", "show", "berthd.service", "--property=MainPID", "--value")
	for pid, want := range map[string]string{daemon: "berthd_t", supervisor: "berth_supervisor_t", init: "berth_unconfined_t"} {
		if got := domain(t, pid); got != want {
			t.Errorf("process %s is in %s, want %s", pid, got, want)
		}
	}
	for pid := range strings.FieldsSeq(run(t, "pgrep", "--parent", daemon)) {
		if got := domain(t, pid); got != "berth_supervisor_t" {
			t.Errorf("a child of berthd is in %s", got)
		}
	}
	for path, want := range map[string]string{
		"/usr/sbin/berthd": "berthd_exec_t", "/usr/libexec/berth/berth-supervisor": "berth_supervisor_exec_t",
		"/etc/berth/berth.conf": "berth_etc_t", "/etc/berth/containers/web.xml": "berth_etc_t", "/run/berth/live": "berth_runtime_t",
	} {
		if got := run(t, "stat", "--format=%C", path); !strings.Contains(got, ":"+want+":") {
			t.Errorf("%s has %s, want %s", path, got, want)
		}
	}
	// A command is the container's as init is.
	if got := run(t, "berthctl", "exec", "web", "--", "/bin/cat", "/proc/self/attr/current"); !strings.Contains(got, ":berth_unconfined_t:") {
		t.Errorf("a command is in %s", got)
	}
}

// login runs a shell text in the domain of a root login.
func login(t testing.TB, text string) result {
	t.Helper()
	return try(t, "systemd-run", "--pipe", "--wait", "--collect", "--quiet", "--setenv=HOME=/root",
		"--property=SELinuxContext=unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023", "--", "timeout", "50", "bash", "-c", text)
}

// TestRootLogin: in a root login's domain berthctl gets answers, and its descriptors pass the bus: pipes, a file that
// the shell opened, and a terminal's ends.
func TestRootLogin(t *testing.T) {
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>"}
	g.start(t)
	file := filepath.Join("/root", "words")
	t.Cleanup(func() { _ = os.Remove(file) })
	for text, want := range map[string]string{
		"id -Z; berthctl list --name":                                          "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023\nweb",
		"echo words | berthctl exec web -- /bin/cat":                           "words",
		"berthctl exec web -- /bin/echo words > " + file:                       "",
		"cat " + file + "; berthctl exec web -- /bin/cat < " + file:            "words\nwords",
		"berthctl suspend web && berthctl resume web && berthctl domstate web": "Domain 'web' suspended\nDomain 'web' resumed\nrunning",
	} {
		if text[0] == 'c' { // the file is another case's work, of no certain order
			login(t, "berthctl exec web -- /bin/echo words > "+file)
		}
		if r := login(t, text); r.Status != 0 || strings.TrimSpace(r.Out) != want {
			t.Errorf("%s: %+v, want %q", text, r, want)
		}
	}
}

// TestDaemonWithARange: systemd's SELinuxContext= runs berthd with a range of categories, which supervisors keep.
func TestDaemonWithARange(t *testing.T) {
	const dropIn = "/run/systemd/system/berthd.service.d/range.conf"
	if err := os.MkdirAll(filepath.Dir(dropIn), 0o755); err != nil {
		t.Fatal(err)
	}
	text := "[Service]\nSELinuxContext=system_u:system_r:berthd_t:s0-s0:c0.c9\n"
	if err := os.WriteFile(dropIn, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	restart := func() {
		run(t, "systemctl", "daemon-reload")
		run(t, "systemctl", "restart", "berthd.service")
	}
	t.Cleanup(func() {
		if err := os.Remove(dropIn); err != nil {
			t.Error(err)
		}
		restart()
	})
	restart()
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>"}
	g.start(t)
	got := run(t, "sh", "-c", "cat /proc/$(systemctl show berthd.service -P MainPID)/attr/current | tr -d '\\000'; echo; tr -d '\\000' < /proc/"+g.leader(t)+"/attr/current")
	if want := "system_u:system_r:berthd_t:s0-s0:c0.c9\nsystem_u:system_r:berth_unconfined_t:s0-s0:c0.c9"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
