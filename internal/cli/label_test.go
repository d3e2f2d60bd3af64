package cli

import (
	"strings"
	"testing"

	"github.com/berthd/berth/internal/client"
)

// TestLabels: dominfo and domlabel have virsh's lines about a label and its mode, and nothing of a label where the host
// has none.
func TestLabels(t *testing.T) {
	t.Parallel()
	const label = "system_u:system_r:container_t:s0:c1,c2"
	const model = "Security model: selinux\nSecurity DOI:   0\n"
	for name, tc := range map[string]struct {
		security    client.Security
		label, args string
		want        string
	}{
		"enforcing":        {client.Security{Model: "selinux", Enforcing: true}, label, "domlabel web", model + "Security label: " + label + " (enforcing)\nImage label:    files\n"},
		"permissive":       {client.Security{Model: "selinux"}, label, "domlabel web", model + "Security label: " + label + " (permissive)\nImage label:    files\n"},
		"without a label":  {client.Security{Model: "selinux", Enforcing: true}, "", "domlabel web", model},
		"without a policy": {client.Security{Model: "none"}, "", "domlabel web", "Security model: none\n"},
		"json":             {client.Security{Model: "selinux", Enforcing: true}, label, "domlabel web --json", "{\n  \"security_model\": \"selinux\",\n  \"security_label\": \"" + label + "\",\n  \"image_label\": \"files\",\n  \"security_enforcing\": true\n}\n"},
		"nothing as json":  {client.Security{Model: "none"}, "", "domlabel web --json", "{\n  \"security_model\": null,\n  \"security_label\": null,\n  \"image_label\": null,\n  \"security_enforcing\": null\n}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fleet()
			f.security = tc.security
			if f.infos[0].SecurityLabel = tc.label; tc.label != "" {
				f.infos[0].ImageLabel = "files"
			}
			if got := run(t, f, strings.Fields(tc.args)...); got != (outcome{out: tc.want}) {
				t.Errorf("%+v", got)
			}
		})
	}
}
