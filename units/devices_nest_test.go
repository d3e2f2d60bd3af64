//go:build nest

package units_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/berthd/berth/internal/plan"
)

// TestAllowDevice: a scope may use one device more, less, or in other ways, and all others as before, also after a
// reload.
func TestAllowDevice(t *testing.T) {
	h := connect(t)
	sleep := spawn(t, "sleep", "100")
	s := scope(sleep)
	s.Devices = []plan.DeviceAllow{{Path: "/dev/null", Access: "rwm"}, {Path: "char-pts", Access: "rw"}}
	if _, err := h.client.Start(within(t, time.Minute), s); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		access string
		want   []string
	}{
		{"rwm", []string{"/dev/char/10:200 rwm", "/dev/null rwm", "char-pts rw"}},
		{"r", []string{"/dev/char/10:200 r", "/dev/null rwm", "char-pts rw"}},
		{"", []string{"/dev/null rwm", "char-pts rw"}},
		{"", []string{"/dev/null rwm", "char-pts rw"}},
	} {
		if err := h.client.AllowDevice(within(t, time.Minute), s.Name, plan.DeviceAllow{Path: "/dev/char/10:200", Access: step.access}); err != nil {
			t.Fatal(err)
		}
		for _, when := range []string{"at once", "after a reload"} {
			var got []string
			for line := range strings.Lines(systemctl(t, "show", "-p", "DeviceAllow", s.Name)) {
				got = append(got, strings.TrimSuffix(strings.TrimPrefix(line, "DeviceAllow="), "\n"))
			}
			if slices.Sort(got); !slices.Equal(got, step.want) {
				t.Errorf("%q, %s: %q, want %q", step.access, when, got, step.want)
			}
			systemctl(t, "daemon-reload")
		}
	}
	if err := h.client.AllowDevice(within(t, time.Minute), "nosuch.scope", plan.DeviceAllow{Path: "/dev/null", Access: "r"}); err == nil {
		t.Error("a unit that does not exist")
	}
	end(sleep)
	if err := h.client.Stop(within(t, time.Minute), s.Name); err != nil {
		t.Fatal(err)
	}
}
