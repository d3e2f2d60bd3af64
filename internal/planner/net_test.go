package planner

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// TestNetGolden: the interfaces and NICs of a definition are planned as in its golden file.
func TestNetGolden(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"interfaces", "nic"} {
		var got bytes.Buffer
		e := json.NewEncoder(&got)
		e.SetIndent("", "  ")
		if err := e.Encode(Net(load(t, "testdata/"+name+".xml"))); err != nil {
			t.Fatal(err)
		}
		golden := "testdata/" + name + ".net.golden"
		if *update {
			if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s (-golden +now):\n%s", golden, diff)
		}
	}
}

// TestHostEndsDiffer: no two of a thousand containers with a hundred interfaces each have a host end of one name.
func TestHostEndsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for n := range 1000 {
		d := minimal()
		d.UUID = domain.UUID{0: byte(n >> 8), 1: byte(n), 15: 1}
		for range 100 {
			d.Interfaces = append(d.Interfaces, domain.Interface{Type: domain.InterfaceEthernet})
		}
		for i := range d.Interfaces {
			name := d.HostLink(i)
			if seen[name] {
				t.Fatalf("%s is there twice", name)
			}
			seen[name] = true
		}
	}
}
