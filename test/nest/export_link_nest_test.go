//go:build nest

package nest

import (
	"encoding/json"
	"path/filepath"
	"testing"
)

// TestExportLink: the commands that the exports give for an interface on a bridge make it: the container is reached at
// its address, under runc, crun and systemd-nspawn.
func TestExportLink(t *testing.T) {
	clean(t)
	bridge(t, "br0", "192.0.2.1/24")
	g := exportGuest(t, "", "")
	g.Devs += "<interface type='bridge'><mac address='52:54:00:00:00:07'/><source bridge='br0'/><ip address='192.0.2.7' prefix='24'/>" +
		"<route address='198.51.100.0' prefix='24' gateway='192.0.2.1'/></interface>"
	g.define(t)
	reached := func(pid, text string) {
		t.Helper()
		var out struct {
			Warnings []struct{ Commands []string }
		}
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatal(err)
		}
		for _, w := range out.Warnings {
			for _, command := range w.Commands {
				run(t, "env", "PID="+pid, "sh", "-ec", command)
			}
		}
		run(t, "ping", "-c1", "-W60", "192.0.2.7")
		run(t, "nsenter", "-t", pid, "-n", "ip", "route", "get", "198.51.100.9")
	}
	for _, runtime := range []string{"runc", "crun"} {
		bundle := filepath.Join(openDirectory(t), "bundle")
		text := run(t, "berthctl", "export-oci", g.Name, bundle, "--json")
		fitToNest(t, filepath.Join(bundle, "config.json"), runtime)
		pid, end := startBundle(t, runtime, bundle)
		reached(pid, text)
		end()
	}
	if r := g.exportNspawn(t); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	pid, end := startService(t, g.Name)
	reached(pid, run(t, "berthctl", "export-nspawn", g.Name, "--json"))
	end()
}
