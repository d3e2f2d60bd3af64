//go:build nest

package nest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestBootID: each life of a container has a boot id that nobody else has, with and without a user
// namespace. Nobody inside can change it, and a restart of the daemon does not.
func TestBootID(t *testing.T) {
	clean(t)
	const path = "/proc/sys/kernel/random/boot_id"
	host, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{string(host): "the host"}
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n$`)
	for kind, more := range map[string]string{"host's users": "", "user namespace": idmap} {
		for _, name := range []string{"web", "other"} {
			g := sleeper(t, name)
			g.More = more
			g.define(t)
			for _, life := range []string{"first", "second"} {
				who := kind + ", " + name + ", " + life + " life"
				run(t, "berthctl", "start", name)
				leader := int(info(t, name).Leader)
				id, err := os.ReadFile(proc(leader, "root"+path))
				if err != nil || !form.Match(id) {
					t.Errorf("%s: %q, %v", who, id, err)
				}
				if of := seen[string(id)]; of != "" {
					t.Errorf("%s has the boot id of: %s", who, of)
				}
				seen[string(id)] = who
				if err := os.WriteFile(proc(leader, "root"+path), []byte("x"), 0o600); err == nil {
					t.Errorf("%s: it can be written", who)
				}
				list, err := os.ReadDir(proc(leader, "root/dev"))
				for _, e := range list {
					if strings.Contains(e.Name(), "boot") {
						t.Errorf("%s: /dev has %s", who, e.Name())
					}
				}
				if life == "second" {
					run(t, "systemctl", "restart", "berthd")
					if again, err2 := os.ReadFile(proc(leader, "root"+path)); err2 != nil || string(again) != string(id) {
						t.Errorf("%s: %q after a restart of the daemon, %v", who, again, err2)
					}
				}
				if err != nil {
					t.Error(err)
				}
				run(t, "berthctl", "destroy", name)
			}
			run(t, "berthctl", "undefine", name)
		}
	}
}
