//go:build nest

package nest

import (
	"errors"
	"math/rand/v2"
	"os/exec"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/internal/domain"
	naming "github.com/berthd/berth/units"
)

// names returns random names of containers: of letters, and of what a rule may treat in a way of its own.
func names(t *testing.T, n int) []string {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	alphabets := [][]string{
		strings.Split("abcxyzABCXYZ0189", ""),
		strings.Split("aZ0--..", ""),
		strings.Split("aZ0-._ :\\%@,+~é日\u00a0", ""),
		{"a", ".", "-", "host", "xn--", "..", "localhost"},
	}
	list := []string{".host", "a", ".", "-", "a.", "a-", "-a", "a.-b", "a-.b", "a..b", "A.b-c.9", "_", "a_b", strings.Repeat("a", 64), strings.Repeat("a", 65), strings.Repeat("a.", 32) + "a", strings.Repeat("é", 32)}
	for len(list) < n {
		parts := alphabets[r.IntN(len(alphabets))]
		length := 1 + r.IntN(6)
		if r.IntN(4) == 0 {
			length = 58 + r.IntN(12)
		}
		var b strings.Builder
		for range length {
			b.WriteString(parts[r.IntN(len(parts))])
		}
		list = append(list, b.String())
	}
	return list
}

// machinedTakes asks machined about a name. The leader 1 is wrong as well, and is looked at later than the name.
func machinedTakes(t *testing.T, bus *dbus.Conn, name string) bool {
	t.Helper()
	const method = "org.freedesktop.machine1.Manager.RegisterMachine"
	err := bus.Object("org.freedesktop.machine1", "/org/freedesktop/machine1").
		Call(method, 0, name, []byte{}, "", "container", uint32(1), "").Err
	reply, ok := errors.AsType[dbus.Error](err)
	if !ok || len(reply.Body) == 0 {
		t.Fatalf("machined says %v of %q", err, name)
	}
	switch text := reply.Body[0].(string); {
	case strings.Contains(text, "Invalid machine name"):
		return false
	case strings.Contains(text, "Invalid leader PID"):
		return true
	default:
		t.Fatalf("machined says %q of %q", text, name)
		return false
	}
}

// TestMachineNamesByMachined: of some thousand random names, a container has exactly those as its machine's name that
// machined takes and whose unit's name is not too long. Of the others machined takes what they become, and systemd
// takes the names of their units.
func TestMachineNamesByMachined(t *testing.T) {
	bus, err := dbus.ConnectSystemBus()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = bus.Close() }()
	for _, name := range names(t, 4000) {
		d := domain.Def{Name: name, UUID: domain.UUID{1, 2, 3, 4}}
		machine := d.MachineName()
		takes := machinedTakes(t, bus, name)
		switch {
		case machine == name && !takes:
			t.Errorf("%q is not a name for machined", name)
		case machine != name && takes && len(naming.HelperName("image", name, 4194304)) <= 255:
			t.Errorf("machined takes %q, and the machine is %q", name, machine)
		case machine != name && !machinedTakes(t, bus, machine):
			t.Errorf("%q becomes %q, which is not a name for machined", name, machine)
		}
		for _, unit := range []string{naming.ScopeName(machine), naming.HelperName("image", machine, 4194304)} {
			call := bus.Object("org.freedesktop.systemd1", "/org/freedesktop/systemd1").Call("org.freedesktop.systemd1.Manager.GetUnit", 0, unit)
			if reply, ok := errors.AsType[dbus.Error](call.Err); !ok || reply.Name != "org.freedesktop.systemd1.NoSuchUnit" {
				t.Errorf("%q has the unit %q: %v", name, unit, call.Err)
			}
		}
	}
}

// TestUnitNamesBySystemd: of some thousand random names and partitions, the units have the names that systemd-escape
// gives.
func TestUnitNamesBySystemd(t *testing.T) {
	machines := names(t, 3000)
	var partitions []string
	for i, name := range machines {
		partition := "/machine/" + name + "/" + machines[i/2]
		if path.Clean(partition) == partition && len(naming.SliceName(partition)) <= 255 { // as a definition must
			partitions = append(partitions, partition)
		}
	}
	for _, c := range []struct {
		words   []string
		options []string
		name    func(string) string
	}{
		{machines, nil, func(word string) string {
			return strings.TrimSuffix(strings.TrimPrefix(naming.ScopeName(word), "machine-"), ".scope")
		}},
		{partitions, []string{"--path", "--suffix=slice"}, naming.SliceName},
	} {
		out, err := exec.Command("systemd-escape", append(append(c.options, "--"), c.words...)...).Output()
		if err != nil {
			t.Fatalf("systemd-escape %q: %v", c.options, err)
		}
		escaped := strings.Fields(string(out))
		if len(escaped) != len(c.words) {
			t.Fatalf("systemd-escape gives %d names for %d", len(escaped), len(c.words))
		}
		for i, word := range c.words {
			if got := c.name(word); got != escaped[i] {
				t.Errorf("%q: got %q, systemd-escape gives %q", word, got, escaped[i])
			}
		}
	}
}
