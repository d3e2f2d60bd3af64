package peers

import "testing"

// TestEnded: any end of a command but the exit status 0 is an error, also one that nobody knows.
func TestEnded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind string
		code int32
		good bool
	}{
		{"exited", 0, true},
		{"exited", 1, false},
		{"killed", 9, false},
		{"killed", 0, false},
		{"", 0, false},
	}
	for _, tt := range tests {
		if err := ended("/tinit", tt.kind, tt.code); (err == nil) != tt.good {
			t.Errorf("ended(%q, %d): error %v", tt.kind, tt.code, err)
		}
	}
}

// TestExecutors: the peers that enter a running container can execute commands, and the others cannot.
func TestExecutors(t *testing.T) {
	t.Parallel()
	for peer, want := range map[string]bool{
		"berth": true, "berth-userns": true, "berthctl": true, "berth-nsenter": true, "berth-bus": true, "lxc": true, "runc": true, "crun": true, "runc-systemd": true, "crun-systemd": true,
		"floor": true, "systemd-berth": true, "systemd-berthctl": true, "systemd-run": true, "systemd-shell": true,
		"berth-recipe": false, "nspawn": false, "nspawn-terminate": false, "libvirt": false, "virsh": false, "berth-socket": false,
	} {
		p, err := New(peer, Roots{})
		if err != nil {
			t.Fatal(err)
		}
		if _, got := p.(Executor); got != want {
			t.Errorf("%s: executes %t, want %t", peer, got, want)
		}
	}
}
