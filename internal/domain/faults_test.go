package domain

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
)

// TestAllFaults: all mistakes of a document are said at once, each with its path, number and line. A mistake
// that only follows from another one is not said.
func TestAllFaults(t *testing.T) {
	t.Parallel()
	for _, file := range documents(t, "testdata", "faults", "*.xml") {
		d, err := Parse(load(t, file))
		var all *Errors
		if d != nil || !errors.As(err, &all) || len(all.List) < 2 || all.More != 0 {
			t.Errorf("%s: %v, %v", file, d, err)
			continue
		}
		var text strings.Builder
		for _, e := range all.List {
			fmt.Fprintln(&text, e)
		}
		golden(t, strings.TrimSuffix(file, ".xml")+".golden", text.String())
	}
}

// TestFaultsAreBounded: of a document with thousands of mistakes the first are said, in one bounded line, and
// the others are counted.
func TestFaultsAreBounded(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		doc   string
		count int
	}{
		"short": {with(strings.Repeat("\n<nosuch/>", 5000)), 5000},
		"long":  {with(strings.Repeat("\n<"+strings.Repeat("ü", 120)+"/>", 2000)), 2000},
		"read":  {with("<devices>" + strings.Repeat("<filesystem/>\n", 3000) + "</devices>"), 6000},
	} {
		_, err := Parse([]byte(tc.doc))
		var all *Errors
		if !errors.As(err, &all) || len(all.List) > maxFaults || len(all.List)+all.More != tc.count {
			t.Errorf("%s: %d mistakes: %.200v", name, tc.count, err)
			continue
		}
		text := err.Error()
		if len(text) > maxFaultsBytes+maxFaults*30 || strings.ContainsFunc(text, unicode.IsControl) {
			t.Errorf("%s: %d bytes: %q", name, len(text), text)
		}
		if want := fmt.Sprintf("; and %d more", all.More); !strings.HasSuffix(text, want) {
			t.Errorf("%s: it does not end with %q", name, want)
		}
		var first *Error
		if !errors.As(err, &first) || first != all.List[0] {
			t.Errorf("%s: the first mistake is %v", name, first)
		}
	}
}
