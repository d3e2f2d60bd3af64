package domain

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDefaults: a definition that says as little as it can has these values.
func TestDefaults(t *testing.T) {
	t.Parallel()
	d, err := Parse([]byte(with("")))
	if err != nil {
		t.Fatal(err)
	}
	want := &Def{
		Name: "web", Memory: Memory{Max: 65536, Current: 65536}, VCPUs: 1,
		OS:       OS{Arch: hostArch(), Init: "/init"},
		Features: Features{Capabilities: Capabilities{Policy: CapDefault}},
		Clock:    Clock{Offset: "utc"}, OnPoweroff: ActionDestroy, OnReboot: ActionRestart, OnCrash: ActionDestroy,
		Consoles: []Console{{TargetType: "lxc"}},
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
	if !d.UUID.IsZero() {
		t.Errorf("the uuid is %s", d.UUID)
	}
}

// TestConsolePorts: consoles are numbered in their order, whatever port they are given.
func TestConsolePorts(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		xml  string
		want []uint
	}{
		"none":              {"", []uint{0}},
		"one":               {"<console/>", []uint{0}},
		"three":             {"<console/><console/><console/>", []uint{0, 1, 2}},
		"in another order":  {"<console><target port='2'/></console><console/><console><target port='0'/></console>", []uint{0, 1, 2}},
		"one port twice":    {"<console><target port='1'/></console><console><target port='1'/></console>", []uint{0, 1}},
		"a target, no port": {"<console type='pty'><target type='lxc'/></console>", []uint{0}},
	} {
		d, err := Parse([]byte(with("<devices>" + tc.xml + "</devices>")))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []uint
		for _, c := range d.Consoles {
			got = append(got, c.Port)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// TestRoot: the last file system with the target "/" is the root, however the path is written.
func TestRoot(t *testing.T) {
	t.Parallel()
	mount := func(source, target string) string {
		return "<filesystem><source dir='" + source + "'/><target dir='" + target + "'/></filesystem>"
	}
	for name, tc := range map[string]struct {
		xml, want string
		private   bool
	}{
		"none":           {mount("/a", "/b"), "", false},
		"one":            {mount("/a", "/") + mount("/b", "/b"), "/a", true},
		"the last":       {mount("/a", "/") + mount("/b", "/"), "/b", true},
		"another way":    {mount("/a", "//x/../."), "/a", true},
		"above the root": {mount("/a", "/.."), "/a", true},
		"the host's":     {mount("/", "/"), "/", true},
		"by a bind":      {strings.Replace(mount("//", "/"), "<filesystem>", "<filesystem type='bind'>", 1), "/", true},
		"no first slash": {mount("/a", "./"), "/a", true},
	} {
		d, err := Parse([]byte(with("<devices>" + tc.xml + "</devices>")))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if root, private := d.Root(); private != tc.private || root.Source != tc.want || private && root.Type != FSMount {
			t.Errorf("%s: %+v, %v", name, root, private)
		}
	}
}

// TestIDMapOrder: ranges come sorted by the id inside, and one range may have all ids.
func TestIDMapOrder(t *testing.T) {
	t.Parallel()
	d, err := parse([]byte(idmapXML("<uid start='5' target='10' count='5'/><uid start='0' target='100' count='5'/><uid start='10' target='0' count='10'/>")), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []IDRange{{0, 100, 5}, {5, 10, 5}, {10, 0, 10}}
	if diff := cmp.Diff(want, d.IDMap.UIDs); diff != "" || !d.IDMap.Enabled() {
		t.Error(diff)
	}
	all, err := parse([]byte(idmapXML("<uid start='0' target='0' count='4294967295'/>")), nil)
	if err != nil || all.IDMap.UIDs[0].Count != 1<<32-1 {
		t.Errorf("the whole range: %v", err)
	}
}
