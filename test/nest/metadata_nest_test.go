//go:build nest

package nest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMetadata: desc and metadata change the running container and its stored definition, survive a daemon that is
// killed, and are in the XML; list shows the title, and validate names each mistake.
func TestMetadata(t *testing.T) {
	clean(t)
	g := sleeper(t, "web")
	g.start(t)
	run(t, "berthctl", "desc", "web", "--title", "The", "front")
	run(t, "berthctl", "desc", "web", "--config", "Serves & listens")
	run(t, "berthctl", "metadata", "web", "urn:app", "--key", "app", "--set", "<owner since='2024'>me</owner>", "--live", "--config")
	killDaemon(t)
	for _, c := range [][2]string{
		{"desc web --title", "The front"},
		{"desc web --title --config", "No title for domain: web"},
		{"desc web", "No description for domain: web"},
		{"desc web --config", "Serves & listens"},
		{"metadata web urn:app", "<owner since='2024'>me</owner>"},
		{"list --title", "The front"},
		{"list --no-autostart --name", "web"},
		{"list --autostart --name", ""},
		{"domjobinfo web", "None"},
	} {
		if got := run(t, "berthctl", strings.Fields(c[0])...); !strings.Contains(got, c[1]) || c[1] == "" && got != "" {
			t.Errorf("%s: %q, not %q", c[0], got, c[1])
		}
	}
	for _, args := range [][]string{{"dumpxml", "web"}, {"dumpxml", "web", "--inactive"}} {
		if got := run(t, "berthctl", args...); !strings.Contains(got, "<app:owner xmlns:app='urn:app' since='2024'>me</app:owner>") {
			t.Errorf("%v: %s", args, got)
		}
	}
	if r := try(t, "berthctl", "metadata", "web", "urn:none"); r.Status != 1 || r.Err != "error: metadata not found: Requested metadata element is not present" {
		t.Errorf("%+v", r)
	}
	run(t, "berthctl", "destroy", "web")
	if got := run(t, "berthctl", "desc", "web"); got != "Serves & listens" {
		t.Errorf("off: %q", got)
	}
	file := filepath.Join(t.TempDir(), "bad.xml")
	if err := os.WriteFile(file, []byte(strings.Replace(g.xml(), "<memory>", "<nosuch/><memory>x", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := try(t, "berthctl", "validate", file); r.Status != 1 || !strings.Contains(r.Out, "domain/nosuch: ") || !strings.Contains(r.Out, "domain/memory: ") {
		t.Errorf("%+v", r)
	}
	run(t, "berthctl", "validate", g.file(t))
}
