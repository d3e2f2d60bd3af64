package planner

import (
	"math/bits"
	"slices"
	"testing"

	"github.com/berthd/berth/internal/domain"
)

// TestFirstOnly: with a user namespace, the capabilities that have no effect there are dropped under each policy,
// unless the definition names them. No other one changes, and none changes without a user namespace.
func TestFirstOnly(t *testing.T) {
	t.Parallel()
	mapped := domain.IDMap{UIDs: []domain.IDRange{{Target: 100000, Count: 65536}}, GIDs: []domain.IDRange{{Target: 100000, Count: 65536}}}
	mask := func(names []string) (m uint64) {
		for n, name := range domain.CapabilityNames() {
			if slices.Contains(names, name) {
				m |= 1 << n
			}
		}
		return m
	}
	const all = uint64(1)<<41 - 1
	standard := domain.Capabilities{Policy: domain.CapDefault}.Keep()
	first := mask(firstOnly())
	for name, c := range map[string]struct {
		caps domain.Capabilities
		ids  domain.IDMap
		want uint64
	}{
		"default": {domain.Capabilities{Policy: domain.CapDefault}, mapped, standard &^ first},
		"allow":   {domain.Capabilities{Policy: domain.CapAllow}, mapped, all &^ first},
		"named": {
			domain.Capabilities{Policy: domain.CapDefault, States: map[string]bool{"mknod": true, "syslog": true, "sys_rawio": false}},
			mapped,
			standard&^first | mask([]string{"mknod", "syslog"}),
		},
		"deny, one named":        {domain.Capabilities{Policy: domain.CapDeny, States: map[string]bool{"lease": true}}, mapped, mask([]string{"lease"})},
		"no user namespace":      {domain.Capabilities{Policy: domain.CapAllow}, domain.IDMap{}, all},
		"no user namespace, def": {domain.Capabilities{Policy: domain.CapDefault}, domain.IDMap{}, standard},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := minimal()
			d.Features.Capabilities, d.IDMap = c.caps, c.ids
			if got := Build(d, testHost()).Caps.Keep; got != c.want {
				t.Errorf("%#x, want %#x", got, c.want)
			}
		})
	}
	if known := mask(firstOnly()); bits.OnesCount64(known) != len(firstOnly()) {
		t.Errorf("of %v the kernel has only %#x", firstOnly(), known)
	}
}
