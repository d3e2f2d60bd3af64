//go:build nest

package nest

import (
	"strings"
	"testing"
)

// TestSessionKeyring: a container has a session keyring of its own.
func TestSessionKeyring(t *testing.T) {
	clean(t)
	seen := map[string]string{}
	for _, name := range []string{"one", "two"} {
		g := script(t, name, "grep -o '^[0-9a-f]* .*keyring *_ses' /proc/keys | cut -d' ' -f1; echo THE END; exec sleep 100000")
		g.More = idmap
		if name == "two" {
			g.More = strings.NewReplacer("100000", "300000", "200000", "400000").Replace(idmap)
		}
		g.start(t)
		ring := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(says(t, name, "THE END")), "THE END"))
		if ring == "" || strings.Contains(ring, "\n") || seen[ring] != "" {
			t.Errorf("%s has the session keyrings %q; of the others: %v", name, ring, seen)
		}
		seen[ring] = name
	}
}
