//go:build nest

package nest

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// sessionKeyring prints the number of the session keyring, as /proc/keys has it.
func sessionKeyring() error {
	id, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, false)
	if err == nil {
		fmt.Printf("%08x\n", uint32(id))
	}
	return err
}

// TestSessionKeyring: a container has a session keyring of its own.
func TestSessionKeyring(t *testing.T) {
	clean(t)
	seen := map[string]string{}
	for _, name := range []string{"one", "two"} {
		// /proc/keys shows those of all whose ids on the host are the same, also of a container of before.
		g := script(t, name, "grep \"^$(/serve keyring) \" /proc/keys | grep -o '^[0-9a-f]* .*keyring *_ses' | cut -d' ' -f1; echo THE END; exec sleep 100000")
		serve(t, g.Root)
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
