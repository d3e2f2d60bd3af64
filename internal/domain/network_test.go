package domain

import "testing"

// TestNetwork: a definition says whose network the container uses; with a user namespace alone, that is the host's.
func TestNetwork(t *testing.T) {
	t.Parallel()
	share := func(kind, value string) string {
		return "<lxc:namespace xmlns:lxc='" + lxcNamespace + "'><lxc:sharenet type='" + kind + "' value='" + value + "'/></lxc:namespace>"
	}
	for more, want := range map[string]string{
		"": "host", "<features><privnet/></features>": "own", "<devices><interface type='ethernet'/></devices>": "own",
		share("name", "db"): "container db", share("pid", "12"): "process 12", share("netns", "red"): "netns red",
		"<features><privnet/></features>" + share("netns", "red"): "netns red",
	} {
		d, err := Parse([]byte(with(more)))
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Network(); got != want {
			t.Errorf("%s: %q, not %q", more, got, want)
		}
	}
}
