package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/test/bench/peers"
)

// TestParse: each option is read, and a bad one is named.
func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		args  string
		runs  int
		many  int
		peers []string
		fail  string
	}{
		{name: "default", runs: 30, many: 100, peers: peerNames()},
		{name: "quick", args: "--quick", runs: 5, many: 20, peers: peerNames()},
		{name: "some peers", args: "--peers lxc,crun --runs 40", runs: 40, many: 100, peers: []string{"lxc", "crun"}},
		{name: "berth only", args: "--berth-only", runs: 30, many: 100, peers: []string{"berth", "berth-userns", "berth-veth", "berthctl"}},
		{name: "a lasting change", args: "--favordynmods --peers berth-dynmods", runs: 30, many: 100, peers: []string{"berth-dynmods"}},
		{name: "unknown peer", args: "--peers lxd", fail: `peer "lxd"`},
		{name: "no run", args: "--runs 0", fail: "runs 0"},
		{name: "more nspawns than bus connections", args: "--many 300", fail: "many 300"},
		{name: "argument", args: "fast", fail: `argument "fast"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o, err := parse(strings.Fields(tt.args))
			if tt.fail != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fail) {
					t.Fatalf("error %v, want one with %q", err, tt.fail)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if o.runs != tt.runs || o.many != tt.many {
				t.Errorf("runs %d, many %d, want %d and %d", o.runs, o.many, tt.runs, tt.many)
			}
			if diff := cmp.Diff(tt.peers, o.peers); diff != "" {
				t.Errorf("peers (-want +got):\n%s", diff)
			}
		})
	}
}

// TestContestantsCanBeMade: each contestant is there once and can be made.
func TestContestantsCanBeMade(t *testing.T) {
	t.Parallel()
	had := make(map[string]bool)
	for _, each := range peerConfigs() {
		if had[each.name] {
			t.Errorf("%s is there twice", each.name)
		}
		had[each.name] = true
		if _, err := peers.New(each.peer, peers.Roots{}); err != nil {
			t.Error(err)
		}
	}
}

// TestTakeGoesRound: containers are taken in turn, from the first again after the last.
func TestTakeGoesRound(t *testing.T) {
	t.Parallel()
	s := newSession(options{many: 3})
	p := &contender{}
	var got [][]int
	for range 3 {
		got = append(got, s.next(p, 2))
	}
	if diff := cmp.Diff([][]int{{0, 1}, {2, 0}, {1, 2}}, got); diff != "" {
		t.Errorf("containers (-want +got):\n%s", diff)
	}
}

// TestWantsVirsh: clients of libvirt are measured at the end of a run that has both Berth and libvirt, and had no
// problem.
func TestWantsVirsh(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		peers   string
		problem string
		want    bool
	}{
		{name: "both", peers: "berth,crun,libvirt", want: true},
		{name: "only Berth", peers: "berth,crun"},
		{name: "only libvirt", peers: "libvirt"},
		{name: "a problem", peers: "berth,libvirt", problem: "not installed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var s session
			for name := range strings.SplitSeq(tt.peers, ",") {
				s.contenders = append(s.contenders, &contender{peerConfig: peerConfig{name: name}, problem: tt.problem})
			}
			if got := s.wantsVirsh(); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}
