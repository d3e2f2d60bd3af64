package main

import (
	"slices"
	"strings"
	"testing"
)

// TestCompare: two answers are the same, differ in the words of their refusal, or differ; what libvirt takes and Berth
// refuses is a difference for each fault.
func TestCompare(t *testing.T) {
	t.Parallel()
	two := "cannot define domain: 2 faults:\n  domain/a: no (line 1)\n  domain/b: bad (line 2)"
	for _, tt := range []struct {
		name           string
		libvirt, berth reply
		want           string
		lines          string
	}{
		{"the same", reply{XML: "<a/>"}, reply{XML: "<a/>", Warnings: []string{"x"}}, same, ""},
		{"other XML", reply{XML: "<a/>"}, reply{XML: "<b/>"}, differs, "- <a/> + <b/>"},
		{"both refuse", reply{Refused: "no"}, reply{Refused: "not so"}, otherWords, ""},
		{"both refuse alike", reply{Refused: "no"}, reply{Refused: "no"}, same, ""},
		{"Berth refuses", reply{XML: "<a/>"}, reply{Refused: two}, differs, "+ refused: domain/a: no + refused: domain/b: bad"},
		{"libvirt refuses", reply{Refused: "Failed to define domain from x.xml\nXML error: no"}, reply{XML: "<a/>"}, differs, "- refused: XML error: no"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := compare(&document{Name: "domain/x.xml", libvirt: tt.libvirt, berth: tt.berth}, nil)
			var lines []string
			for _, e := range got.Differences {
				for _, l := range e.Libvirt {
					lines = append(lines, "- "+l)
				}
				for _, l := range e.Berth {
					lines = append(lines, "+ "+l)
				}
			}
			if got.Result != tt.want || strings.Join(lines, " ") != tt.lines {
				t.Errorf("%s: %q", got.Result, lines)
			}
		})
	}
}

// TestExplained: a difference without a reason, and a reason without a difference, are told and make the comparison
// fail.
func TestExplained(t *testing.T) {
	t.Parallel()
	docs := []*document{{Name: "domain/x.xml", libvirt: reply{XML: "<a>"}, berth: reply{XML: "<a/>"}}}
	for _, tt := range []struct {
		name, reasons string
		ok            bool
		says          string
	}{
		{"explained", "[one]\n- <a>\n+ <a/>\n", true, "[one]"},
		{"no reason", "", false, "WITHOUT A REASON"},
		{"no difference", "[one]\n- <a>\n+ <a/>\n\n- <c>\n", false, "reasons.txt:5: one: this reason explains nothing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := compareAll(docs, parsed(t, tt.reasons))
			var b strings.Builder
			if err := r.print(&b); err != nil {
				t.Fatal(err)
			}
			if r.explained() != tt.ok || !strings.Contains(b.String(), tt.says) {
				t.Errorf("explained is %v:\n%s", r.explained(), &b)
			}
		})
	}
}

// TestReadDocuments: all kinds of documents are found, and a pattern chooses among them.
func TestReadDocuments(t *testing.T) {
	t.Parallel()
	all, err := readDocuments("../..", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources() {
		if !slices.ContainsFunc(all, func(d *document) bool { return strings.HasPrefix(d.Name, s.name+"/") && d.text != "" }) {
			t.Errorf("no document of %s", s.pattern)
		}
	}
	some, err := readDocuments("../..", "native/keys/libvirt-s*")
	if err != nil || len(some) != 2 {
		t.Errorf("%d documents of two, %v", len(some), err)
	}
	if _, err := readDocuments("../..", "nothing"); err == nil {
		t.Error("a pattern that matches nothing is no error")
	}
}
