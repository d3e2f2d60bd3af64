package arch

import (
	"os"
	"strings"
	"testing"
)

// TestPackageReloadsBusFirst: the package reloads the bus before systemd, so that the bus and machined do not wait for
// each other.
func TestPackageReloadsBusFirst(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../mk/deb")
	if err != nil {
		t.Fatal(err)
	}
	_, script, _ := strings.Cut(string(text), "/postinst\"")
	script, _, _ = strings.Cut(script, "\nEND\n")
	bus, systemd := strings.Index(script, "ReloadConfig"), strings.Index(script, "daemon-reload")
	if bus < 0 || systemd < bus {
		t.Errorf("the bus is reloaded at %d, systemd at %d of:%s", bus, systemd, script)
	}
}
