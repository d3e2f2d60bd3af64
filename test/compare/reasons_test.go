package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const someReasons = `# a comment
[one]
- <a *
+ <a/>

@ domain/x.xml domain/z*
+ <b>
+ ...
+ </b>

[two ` + "`x`" + `]
+ refused: *: no
`

func parsed(t *testing.T, text string) []*reason {
	t.Helper()
	list, err := parseReasons(text, rows("| matter | libvirt |\n|---|---|\n| one | x | y |\n| two `x` | x | y |\n"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestExplain: a difference is taken apart by the reasons that fit its lines and its document, and the rest has none.
func TestExplain(t *testing.T) {
	t.Parallel()
	b := []string{"<b>", "<c/>", "</b>"}
	for _, tt := range []struct {
		name, document string
		have           hunk
		want           []explained
	}{
		{"one reason", "domain/x.xml", hunk{[]string{"<a x='1'>"}, []string{"<a/>"}}, []explained{{hunk{[]string{"<a x='1'>"}, []string{"<a/>"}}, "one"}}},
		{"half of it", "domain/x.xml", hunk{Libvirt: []string{"<a x='1'>"}}, []explained{{hunk: hunk{Libvirt: []string{"<a x='1'>"}}}}},
		{"any lines between", "domain/zz.xml", hunk{Berth: b}, []explained{{hunk{[]string{}, b}, "one"}}},
		{"another document", "domain/y.xml", hunk{Berth: b}, []explained{{hunk: hunk{Berth: b}}}},
		{
			"twice, and a rest", "native/y.conf",
			hunk{Berth: []string{"refused: a: no", "more", "refused: b: no"}},
			[]explained{
				{hunk{[]string{}, []string{"refused: a: no"}}, "two `x`"},
				{hunk{[]string{}, []string{"refused: b: no"}}, "two `x`"},
				{hunk: hunk{[]string{}, []string{"more"}}},
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := explain(tt.document, tt.have, parsed(t, someReasons))
			if d := cmp.Diff(tt.want, got, cmp.Transformer("none", func(l []string) string { return strings.Join(l, "\n") }), cmp.AllowUnexported(explained{})); d != "" {
				t.Errorf("explain (-want +got):\n%s", d)
			}
		})
	}
}

// TestReasonsRefused: a reason without a row of the page, and a line that is none, are errors with their line.
func TestReasonsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"\n[three]\n- x\n": "reasons.txt:2: docs/differences-from-libvirt.md has no row \"three\"",
		"- x\n":            "reasons.txt:1: expecting a row",
		"[one]\nx\n":       "reasons.txt:2: expecting a row",
	} {
		if _, err := parseReasons(text, []string{"one"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestReasonsOfTheTree: each reason in the tree has its row in the page.
func TestReasonsOfTheTree(t *testing.T) {
	t.Parallel()
	if list, err := readReasons("../.."); err != nil || len(list) < 50 {
		t.Errorf("%d reasons, %v", len(list), err)
	}
}
