package report

import (
	"strings"
	"testing"
)

// TestPrintVirsh: what clients of libvirt wait for is printed alone, with its targets: one that is met and one that is
// not.
func TestPrintVirsh(t *testing.T) {
	t.Parallel()
	r := measured()
	r.Peers = []Peer{{Name: "berth", Version: "1", Note: "virsh -c lxc:///system"}}
	r.Virsh = &Virsh{
		Containers: 1000,
		List: []Series{
			{Peer: "floor", Samples: []float64{15, 14, 16}},
			{Peer: "berth", Samples: []float64{50, 60}, Used: []float64{20, 30}, Client: []float64{33}},
			{Peer: "libvirt", Samples: []float64{220}, Used: []float64{100}},
		},
		Info: []Series{
			{Peer: "berth, off", Samples: []float64{0.05, 0.04}, Used: []float64{0.025}},
			{Peer: "berth, running", Samples: []float64{0.09}, Used: []float64{0.07}},
			{Peer: "libvirt, off", Samples: []float64{0.1}, Used: []float64{0.08}},
		},
	}
	var out strings.Builder
	if err := r.PrintVirsh(&out); err != nil {
		t.Fatal(err)
	}
	golden(t, "virsh.golden", out.String())
}
