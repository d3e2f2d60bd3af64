package figures

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const netDevHeads = "Inter-|   Receive                                                |  Transmit\n" +
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"

// TestNetDev: a /proc/net/dev gives the figures of each link, and garbage is an error.
func TestNetDev(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text  string
		want  map[string]Interface
		fault string
	}{
		"links": {
			netDevHeads + "    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0\n" +
				"vnetabcdefghij: 1 2 3 4 50 60 70 80 5 6 7 8 51 61 71 81\n" + "e+ö0:18446744073709551615 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n",
			map[string]Interface{
				"lo":             {Name: "lo"},
				"vnetabcdefghij": {"vnetabcdefghij", Traffic{1, 2, 3, 4}, Traffic{5, 6, 7, 8}},
				"e+ö0":           {"e+ö0", Traffic{1<<64 - 1, 1, 0, 0}, Traffic{1, 1, 0, 0}},
			},
			"",
		},
		"none":       {netDevHeads, map[string]Interface{}, ""},
		"empty":      {"", map[string]Interface{}, ""},
		"too few":    {netDevHeads + "eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n", nil, `link "eth0": 15 numbers, not 16`},
		"half":       {netDevHeads + "eth0\n", nil, `link "eth0": 0 numbers, not 16`},
		"no numbers": {netDevHeads + "eth0: 1 2 -3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", nil, "no number of 64 bits"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := NetDev([]byte(tc.text))
			if (err != nil) != (tc.fault != "") || err != nil && !strings.Contains(err.Error(), tc.fault) {
				t.Fatalf("%v; want %q", err, tc.fault)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("links differ (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAddInterface: the sums are those of all interfaces, in the names of each, and the other end of a veth has the
// directions exchanged.
func TestAddInterface(t *testing.T) {
	t.Parallel()
	var f Figures
	a := Interface{"eth0", Traffic{1, 2, 3, 4}, Traffic{5, 6, 7, 8}}
	f.AddInterface(a)
	b := a.OtherEnd()
	b.Name, b.Receive.Bytes = "eth1", 100
	f.AddInterface(b)
	want := map[string]uint64{
		"net-receive-bytes": 101, "net-receive-packets": 8, "net-receive-errors": 10, "net-receive-drops": 12,
		"net-transmit-bytes": 6, "net-transmit-packets": 8, "net-transmit-errors": 10, "net-transmit-drops": 12,
	}
	if diff := cmp.Diff(want, known(&f.Set)); diff != "" {
		t.Errorf("sums differ (-want +got):\n%s", diff)
	}
	again := Interface{Name: "eth0"}
	again.Put("newer", 9)
	for name, value := range a.Named() {
		again.Put(name, value)
	}
	if again != a || len(maps.Collect(a.Named())) != 8 {
		t.Errorf("%+v is not %+v", again, a)
	}
}

// FuzzNetDev: no text of links makes the reader panic, and what it accepts has a name for each line.
func FuzzNetDev(f *testing.F) {
	f.Add([]byte(netDevHeads + "eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		links, err := NetDev(text)
		if (links == nil) != (err != nil) {
			t.Errorf("%v and %v", links, err)
		}
	})
}
