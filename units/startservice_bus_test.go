//go:build bus

package units_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/berthd/berth/units/unitstest"
)

// TestServices: a service of the host is started, or restarted, when its job has ended. The result of the job and a
// refusal are errors that name the service.
func TestServices(t *testing.T) {
	t.Parallel()
	const service = "systemd-networkd.service"
	for _, c := range []struct{ result, refusal, says string }{
		{"done", "", ""},
		{"failed", "", service + ": "},
		{"", "org.freedesktop.systemd1.UnitMasked", service + ": "},
	} {
		p := newPair(t, func(s *unitstest.Systemd, call unitstest.Call) bool {
			switch {
			case call.Method != "StartUnit" && call.Method != "TryRestartUnit":
				return false
			case c.refusal != "":
				s.Fail(call, c.refusal, "it is masked")
				return true
			}
			other, job := s.NewJob(), s.NewJob()
			s.JobRemoved(other, service, "failed") // another's
			s.Reply(call, job)
			s.JobRemoved(job, service, c.result)
			return true
		})
		for _, err := range []error{p.client.StartService(limited(t), service), p.client.RestartService(limited(t), service)} {
			if (err == nil) != (c.says == "") || err != nil && !strings.HasPrefix(err.Error(), c.says) {
				t.Errorf("%+v: %v", c, err)
			}
		}
		if want := []string{"Subscribe", "StartUnit " + service, "TryRestartUnit " + service}; !slices.Equal(p.systemd.Calls(), want) {
			t.Errorf("calls %q", p.systemd.Calls())
		}
	}
}
