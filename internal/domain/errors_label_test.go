package domain

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func refusedLabels() []refusal {
	static := func(label string) string {
		return with("<seclabel type='static' model='selinux'><label>" + label + "</label></seclabel>")
	}
	return []refusal{
		{with("<seclabel type=''/>"), InvalidXML, "domain/seclabel@type"},
		{with("<seclabel type='strict'/>"), InvalidXML, "domain/seclabel@type"},
		{with("<seclabel relabel='maybe'/>"), InvalidXML, "domain/seclabel@relabel"},
		{with("<seclabel relabel='no'/>"), InvalidConfig, "domain/seclabel@relabel"},
		{with("<seclabel type='dynamic' model='none' relabel='no'/>"), InvalidConfig, "domain/seclabel@relabel"},
		{with("<seclabel type='none' relabel='yes'/>"), InvalidConfig, "domain/seclabel@relabel"},
		{with("<seclabel type='none' model='selinux'><label>a:b:c</label></seclabel>"), InvalidConfig, "domain/seclabel/label"},
		{with("<seclabel type='none' model='selinux'><baselabel>a:b:c</baselabel></seclabel>"), InvalidConfig, "domain/seclabel/baselabel"},
		{with("<seclabel type='static' model='selinux'/>"), InvalidXML, "domain/seclabel/label"},
		{with("<seclabel type='static' model='selinux'><label/></seclabel>"), InvalidXML, "domain/seclabel/label"},
		{with("<seclabel type='static'><label>a:b:c</label></seclabel>"), InvalidXML, "domain/seclabel@model"},
		{with("<seclabel type='static' model='selinux'><label>a:b:c</label><baselabel>a:b:c</baselabel></seclabel>"), InvalidConfig, "domain/seclabel/baselabel"},
		{with("<seclabel><baselabel>a:b:c</baselabel></seclabel>"), InvalidXML, "domain/seclabel@model"},
		{static("a:b c"), InvalidXML, "domain/seclabel/label"},
		{static("a:b:c&#10;"), InvalidXML, "domain/seclabel/label"},
		{static(strings.Repeat("a", maxLabel+1)), InvalidXML, "domain/seclabel/label"},
		{with("<seclabel model='selinux'><baselabel>" + strings.Repeat("a", maxLabel+1) + "</baselabel></seclabel>"), InvalidXML, "domain/seclabel/baselabel"},
		{with("<seclabel model='" + strings.Repeat("m", maxModel+1) + "'/>"), InvalidXML, "domain/seclabel@model"},
		{with("<seclabel model='selinux'/><seclabel type='none' model='selinux'/>"), InvalidXML, "domain/seclabel[2]"},
		{with("<seclabel model='selinux'/><seclabel type='none'/>"), InvalidXML, "domain/seclabel[2]@model"},
		{with("<seclabel/><seclabel model='selinux'/>"), InvalidXML, "domain/seclabel[1]@model"},
		{with("<seclabel><label/><label/></seclabel>"), InvalidXML, "domain/seclabel/label[2]"},
		{with("<seclabel nosuch=''/>"), InvalidXML, "domain/seclabel@nosuch"},
		{with("<seclabel><nosuch/></seclabel>"), InvalidXML, "domain/seclabel/nosuch"},
		{with(manyLabels()), InvalidConfig, "domain/seclabel[17]"},
	}
}

func manyLabels() (text string) {
	for n := range maxLabels + 1 {
		text += "<seclabel model='" + strings.Repeat("m", n+1) + "'/>"
	}
	return text
}

// TestLiveLabels: the live XML has the label of the host's model where the definition has that, and at the end where it
// has none; the labels of other models stay as they are. What is printed live can be defined, and is the definition
// again.
func TestLiveLabels(t *testing.T) {
	t.Parallel()
	has := LiveLabel{Model: "selinux", Label: "u:r:t:s0:c1,c2", ImageLabel: "u:o:f:s0:c1,c2"}
	const inner = "<label>u:r:t:s0:c1,c2</label><imagelabel>u:o:f:s0:c1,c2</imagelabel>"
	for text, want := range map[string]string{
		"":            "<seclabel type='dynamic' model='selinux'>" + inner + "</seclabel>",
		"<seclabel/>": "<seclabel type='dynamic' model='selinux'>" + inner + "</seclabel>",
		"<seclabel model='selinux' relabel='yes'/>":                                           "<seclabel type='dynamic' model='selinux' relabel='yes'>" + inner + "</seclabel>",
		"<seclabel type='none' model='apparmor'/>":                                            "<seclabel type='none' model='apparmor'/><seclabel type='dynamic' model='selinux'>" + inner + "</seclabel>",
		"<seclabel type='none' model='selinux'/>":                                             "<seclabel type='none' model='selinux'/>",
		"<seclabel type='none'/>":                                                             "<seclabel type='none'/>",
		"<seclabel type='dynamic' model='none'/>":                                             "<seclabel type='none' model='none'/><seclabel type='dynamic' model='selinux'>" + inner + "</seclabel>",
		"<seclabel type='static' model='selinux'><label>u:r:t:s0:c1,c2</label></seclabel>":    "<seclabel type='static' model='selinux'>" + inner + "</seclabel>",
		"<seclabel type='dynamic' model='selinux'><baselabel>u:r:t:s0</baselabel></seclabel>": "<seclabel type='dynamic' model='selinux'>" + inner + "<baselabel>u:r:t:s0</baselabel></seclabel>",
	} {
		d, err := Parse([]byte(with(text)))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		live := format(t, d, FormatOptions{Live: &Live{ID: 7, Label: has}})
		flat := strings.ReplaceAll(strings.ReplaceAll(live, "\n", ""), "  ", "")
		_, got, _ := strings.Cut(flat, "</devices>")
		if diff := cmp.Diff(want+"</domain>", got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		again, err := Parse([]byte(live))
		if err != nil {
			t.Errorf("%s: what is printed live is refused: %v", text, err)
			continue
		}
		stored, _ := d.LabelOf("selinux")
		if printed, _ := again.LabelOf("selinux"); printed.Type != stored.Type && stored.Type != "" {
			t.Errorf("%s: printed live and defined, it is %+v", text, printed)
		}
	}
}
