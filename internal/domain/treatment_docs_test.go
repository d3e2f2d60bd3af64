package domain

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// treatedAs lists, by parent, the names that a reason has in treatmentText.
func treatedAs(why string) (parents []string, names map[string][]string) {
	names = map[string][]string{}
	for line := range strings.Lines(treatmentText) {
		before, list, _ := strings.Cut(line, ":")
		word, parent, _ := strings.Cut(before, " ")
		if parent = strings.TrimSpace(parent); word != why || parent == "" {
			continue
		}
		if names[parent] == nil {
			parents = append(parents, parent)
		}
		for name := range strings.FieldsSeq(list) {
			name, _ = strings.CutSuffix(name, "+")
			if attr, is := strings.CutPrefix(name, "@"); is {
				attr, values, some := strings.Cut(attr, "=")
				name = attr + "="
				if some {
					name += "'" + strings.ReplaceAll(values, "|", "', '") + "'"
				}
			} else {
				name = "<" + name + ">"
			}
			names[parent] = append(names[parent], name)
		}
	}
	return parents, names
}

// order is that of the reasons in the documentation.
func reasonOrder() []string {
	return []string{
		"machine", "newer", "clock", "written", "run", "refused", "dropped", "foreign", "locks", "forgets", "secrets", "partly", "labels",
		"sharing", "hostend", "ports", "rate", "filter", "switch",
	}
}

// between compares what is between two lines of a file with a text, or writes it there.
func between(t *testing.T, file, from, to, want string) {
	t.Helper()
	text := string(load(t, file))
	before, rest, ok := strings.Cut(text, from+"\n")
	got, after, closed := strings.Cut(rest, to+"\n")
	if !ok || !closed {
		t.Fatalf("%s has no %q and %q", file, from, to)
	}
	if *update {
		if err := os.WriteFile(file, []byte(before+from+"\n"+want+to+"\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not what treatmentText says; go test ./internal/domain -update (-file +table):\n%s", file, diff)
	}
}

// TestTreatmentIsDocumented: berth-xml(5) and docs/domain-xml.md list what treatmentText has, with its reasons.
func TestTreatmentIsDocumented(t *testing.T) {
	t.Parallel()
	if len(reasonOrder()) != len(reasons()) {
		t.Errorf("%d reasons, %d in order", len(reasons()), len(reasonOrder()))
	}
	var page, doc strings.Builder
	for _, why := range reasonOrder() {
		r := reasons()[why]
		parents, names := treatedAs(why)
		if len(parents) == 0 {
			t.Errorf("nothing is %s", why)
		}
		becomes := map[bool]string{true: "kept", false: "refused"}[r.kept]
		if why == "run" {
			becomes = "passed over"
		}
		fmt.Fprintf(&doc, "\n### %s%s: %s\n\n| in | elements and attributes |\n|---|---|\n", strings.ToUpper(becomes[:1]), becomes[1:], r.text)
		for _, parent := range parents {
			fmt.Fprintf(&doc, "| `%s` | `%s` |\n", strings.TrimPrefix(parent, "domain/"), strings.Join(names[parent], "` `"))
			if !r.warn {
				continue
			}
			words := strings.Join(names[parent], ",\n")
			fmt.Fprintf(&page, ".TP\n.B <%s>\n%s.\n", parent[strings.LastIndexByte(parent, '/')+1:], strings.ReplaceAll(words, "-", `\-`))
		}
	}
	between(t, "../../man/berth-xml.5", `.\" This list is of go test ./internal/domain -update.`, `.\" The end of the list.`, page.String())
	between(t, "../../docs/domain-xml.md", "<!-- What follows is of go test ./internal/domain -update. -->", "<!-- The end. -->", doc.String()+"\n")
}
