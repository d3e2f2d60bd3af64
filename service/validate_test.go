package service

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

// TestValidate: Validate returns each mistake of a definition with its element and line, and stores nothing.
func TestValidate(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := w.service(t)
	for name, c := range map[string]struct {
		xml  string
		want []domain.Error
	}{
		"right": {string(xmlOf("web")), nil},
		"two mistakes": {
			"<domain type='lxc'>\n<name>a/b</name>\n<nosuch/>\n<memory>65536</memory>\n<os><type>exe</type><init>/init</init></os></domain>",
			[]domain.Error{{Element: "domain/name", Line: 2}, {Element: "domain/nosuch", Line: 3}},
		},
		"no XML": {"hello", []domain.Error{{Element: ""}}},
	} {
		v, err := s.Validate([]byte(c.xml), false)
		if err != nil || v.More != 0 {
			t.Errorf("%s: %d more, %v", name, v.More, err)
		}
		var got []domain.Error
		for _, e := range v.Faults {
			if e.Text == "" {
				t.Errorf("%s: no text for %s", name, e.Element)
			}
			got = append(got, domain.Error{Kind: e.Kind, Element: e.Element, Line: e.Line})
		}
		if name == "no XML" && len(got) == 1 {
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if len(s.List()) != 0 || len(w.definitions) != 0 {
		t.Errorf("it stored %v", w.definitions)
	}
}
