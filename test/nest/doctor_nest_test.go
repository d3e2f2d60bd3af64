//go:build nest

package nest

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/doctor"
)

// examined returns what berthctl doctor finds, by check, and its exit status.
func examined(t *testing.T) (found map[string]doctor.Finding, status int) {
	t.Helper()
	r := try(t, "berthctl", "doctor", "--json")
	var list []doctor.Finding
	if err := json.Unmarshal([]byte(r.Out), &list); err != nil {
		t.Fatalf("%v: %+v", err, r)
	}
	found = map[string]doctor.Finding{}
	for _, f := range list {
		if old, again := found[f.Check]; !again || old.Level == doctor.OK || f.Level == doctor.Problem {
			found[f.Check] = f
		}
	}
	return found, r.Status
}

// TestDoctor: on a host where containers run, doctor finds no problem, starts nothing and changes nothing. It finds
// what somebody breaks: a drop-in, a masked machined, a mistake in the configuration, a bus that is gone.
func TestDoctor(t *testing.T) {
	clean(t)
	run(t, "systemctl", "stop", "berthd")
	found, status := examined(t)
	for _, f := range found {
		if f.Level == doctor.Problem {
			t.Errorf("%+v", f)
		}
	}
	if status != 0 || len(found) != len(doctor.Names()) {
		t.Errorf("status %d, %d checks", status, len(found))
	}
	if got := try(t, "systemctl", "is-active", "berthd.service"); got.Out != "inactive" {
		t.Errorf("berthd is %s", got.Out)
	}
	if text := run(t, "berthctl", "doctor"); !strings.Contains(text, "berthd starts with the first call") || !strings.HasSuffix(text, " 0 problems") {
		t.Errorf("doctor prints\n%s", text)
	}
	if text := run(t, "runuser", "-u", "nobody", "--", "berthctl", "doctor"); !strings.Contains(text, "only root can look") {
		t.Errorf("nobody is told\n%s", text)
	}
	for name, c := range map[string]struct {
		check       string
		spoil, mend func()
	}{
		"a drop-in": {
			"unit", func() {
				_ = os.MkdirAll("/run/systemd/system/berthd.service.d", 0o755)
				_ = os.WriteFile("/run/systemd/system/berthd.service.d/x.conf", []byte("[Service]\nIPAddressDeny=any\n"), 0o600)
			}, func() { _ = os.RemoveAll("/run/systemd/system/berthd.service.d") },
		},
		"a mask": {
			"machined", func() { run(t, "systemctl", "mask", "--runtime", "systemd-machined.service") },
			func() { run(t, "systemctl", "unmask", "--runtime", "systemd-machined.service") },
		},
		"a mistake": {
			"configuration", func() { _ = os.WriteFile("/etc/berth/berth.conf.d/x.conf", []byte("[Daemon]\nAudit=maybe\n"), 0o600) },
			func() { _ = os.Remove("/etc/berth/berth.conf.d/x.conf") },
		},
	} {
		c.spoil()
		found, status := examined(t)
		c.mend()
		if f := found[c.check]; status != 1 || f.Level != doctor.Problem || f.Advice == "" {
			t.Errorf("%s: status %d, %+v", name, status, f)
		}
	}
	r := try(t, "env", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere", "berthctl", "doctor", "-q")
	if r.Status != 1 || !strings.Contains(r.Out, "the system bus does not answer") || !strings.Contains(r.Out, "-> systemctl start dbus") {
		t.Errorf("without a bus: %+v", r)
	}
	if found, status := examined(t); status != 0 {
		t.Errorf("after all is mended: %+v", found)
	}
}
