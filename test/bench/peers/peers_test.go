package peers

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// TestV1Hierarchies: the v1 hierarchies with a controller are read from /proc/self/cgroup.
func TestV1Hierarchies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text string
		want []string
	}{
		{"v2 alone", "0::/user.slice\n", nil},
		{
			"v1 beside it", "9:name=systemd:/\n4:memory:/a:b\n1:cpu,cpuacct:/\n0::/\n",
			[]string{"memory", "cpu,cpuacct"},
		},
		{"nonsense", "x\n\n:", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, v1Hierarchies(tt.text)); diff != "" {
				t.Errorf("v1Hierarchies (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAdaptSpec: an OCI spec gets the root, the init, the namespaces and the group of the comparison, and a
// broken one is an error.
func TestAdaptSpec(t *testing.T) {
	t.Parallel()
	const spec = `{"ociVersion":"1.0.2","process":{"terminal":true,"args":["sh"],"cwd":"/"},
		"root":{"path":"rootfs","readonly":true},
		"linux":{"resources":{"devices":[]},"namespaces":[{"type":"pid"},{"type":"network"},{"type":"mount"}]}}`
	const want = `{"ociVersion":"1.0.2","process":{"terminal":false,"args":["/tinit"],"cwd":"/"},
		"root":{"path":"/r"},
		"linux":{"resources":{"devices":[]},"cgroupsPath":"machine.slice:crun:x","namespaces":[{"type":"pid"},{"type":"mount"}]}}`
	got, err := adaptSpec([]byte(spec), "/r", "machine.slice:crun:x")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decode(t, want), decode(t, string(got))); diff != "" {
		t.Errorf("adaptSpec (-want +got):\n%s", diff)
	}
	for _, bad := range []string{"", "[]", "{}", `{"process":{},"linux":{"namespaces":7}}`} {
		if _, err := adaptSpec([]byte(bad), "/r", ""); err == nil {
			t.Errorf("adaptSpec(%q): no error", bad)
		}
	}
}

func decode(t *testing.T, text string) (value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return value
}

// TestDomainXMLIsADefinition: the XML of the comparison is a definition.
func TestDomainXMLIsADefinition(t *testing.T) {
	t.Parallel()
	def, err := domain.Parse([]byte(systemdXML("bench-systemd", "/run/a&b")))
	if err != nil {
		t.Fatal(err)
	}
	root, _ := def.Root()
	if diff := cmp.Diff([]any{"bench-systemd", "/run/a&b", true}, []any{def.Name, root.Source, def.Extension.Notify}); diff != "" {
		t.Errorf("with systemd: name, root, notify (-want +got):\n%s", diff)
	}
	for more, maps := range map[string]int{"": 0, idmap: 1} {
		def, err := domain.Parse([]byte(domainXML("bench7", "/run/a&b", more, vethXML(7))))
		if err != nil {
			t.Fatal(err)
		}
		root, _ := def.Root()
		got := []any{def.Name, def.OS.Init, root.Source, len(def.IDMap.UIDs), len(def.IDMap.GIDs), def.Interfaces[0].IPs[0].Address.String()}
		if diff := cmp.Diff([]any{"bench7", "/tinit", "/run/a&b", maps, maps, "10.77.1.8"}, got); diff != "" {
			t.Errorf("name, init, root, uid and gid ranges (-want +got):\n%s", diff)
		}
	}
}
