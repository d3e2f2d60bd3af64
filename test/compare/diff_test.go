package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDiff: the lines that each text has alone are found at their place, and a run of them begins and ends with one
// element.
func TestDiff(t *testing.T) {
	t.Parallel()
	const one, two = "<d>\n  <c>\n    <t p='0'/>\n  </c>\n</d>", "<d>\n  <c>\n    <t p='0'/>\n  </c>\n  <c>\n    <t p='1'/>\n  </c>\n</d>"
	added := []string{"<c>", "<t p='1'/>", "</c>"}
	for _, tt := range []struct {
		name, libvirt, berth string
		want                 []hunk
	}{
		{"the same", one, one, nil},
		{"Berth alone has an element", one, two, []hunk{{Berth: added}}},
		{"libvirt alone has one", two, one, []hunk{{Libvirt: added}}},
		{"another value", "<d>\n  <m>1</m>\n</d>", "<d>\n  <m>2</m>\n</d>", []hunk{{[]string{"<m>1</m>"}, []string{"<m>2</m>"}}}},
		{"another depth", "<d>\n  <m/>\n</d>", "<d>\n    <m/>\n</d>", []hunk{{[]string{"<m/>"}, []string{"<m/>"}}}},
		{"another order", "<a/>\n<b/>", "<b/>\n<a/>", []hunk{{Libvirt: []string{"<a/>"}}, {Berth: []string{"<a/>"}}}},
		{"two places", "<a/>\n<x/>\n<b/>", "<c/>\n<x/>\n<d/>", []hunk{{[]string{"<a/>"}, []string{"<c/>"}}, {[]string{"<b/>"}, []string{"<d/>"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(tt.want, diff(tt.libvirt, tt.berth)); d != "" {
				t.Errorf("diff (-want +got):\n%s", d)
			}
		})
	}
}

// TestNormal: what a program chose is left out, and what the document has is not.
func TestNormal(t *testing.T) {
	t.Parallel()
	const xml = "<domain>\n  <uuid>0a74abca-62ca-41ea-a3ac-631437e37ad7</uuid>\n  <devices>\n    <emulator>/usr/lib/libvirt/libvirt_lxc</emulator>\n    <mac address='52:54:00:aa:bb:cc'/>\n"
	if got := normal(xml, "<domain/>"); got != "<domain>\n  <devices>\n    <mac address='MAC'/>\n" {
		t.Errorf("without a value: %s", got)
	}
	for _, document := range []string{xml, strings.ToUpper(xml) + "/usr/lib/libvirt/libvirt_lxc", strings.ReplaceAll(xml, "-", "")} {
		if got := normal(xml, document); got != xml {
			t.Errorf("with each value: %s", got)
		}
	}
}
