package host

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// TestAbandoned: a nest is abandoned only when the process that its name tells of has ended.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		dir  string
		want bool
	}{
		{"of a process that ended", fmt.Sprintf("bench-%d-plain", gone.Process.Pid), true},
		{"ours", fmt.Sprintf("bench-%d-plain", os.Getpid()), false},
		{"somebody else's nest", "demo", false},
		{"no number", "bench-x-plain", false},
		{"a negative number, which would be a process group", "bench--1-plain", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := abandoned(tt.dir, namePattern); got != tt.want {
				t.Errorf("abandoned(%q) = %v, want %v", tt.dir, got, tt.want)
			}
		})
	}
}
