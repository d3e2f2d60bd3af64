package dbusapi

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the snapshot of the interfaces anew")

// TestSnapshot: each method, option, signal and property is as it was promised: testdata/interfaces.golden may get more
// lines, but loses and changes none.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	const file = "testdata/interfaces.golden"
	got := snapshot(t)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-promised +served; only a longer list is written anew, with -update:\n%s", diff)
	}
}

// snapshot describes all that is served and promised, a line each.
func snapshot(t *testing.T) string {
	var lines []string
	table := served()
	for name, i := range published(t) {
		add := func(format string, args ...any) { lines = append(lines, name+" "+fmt.Sprintf(format, args...)) }
		for _, m := range i.Methods {
			var args []string
			for _, a := range m.Args {
				args = append(args, a.Direction+" "+a.Name+" "+a.Type)
			}
			add("method %s(%s)", m.Name, strings.Join(args, ", "))
			options := table[name].methods[m.Name].options
			for _, option := range slices.Sorted(maps.Keys(options)) {
				add("method %s option %s %s", m.Name, option, options[option])
			}
		}
		for _, s := range i.Signals {
			var args []string
			for _, a := range s.Args {
				args = append(args, a.Name+" "+a.Type)
			}
			add("signal %s(%s)", s.Name, strings.Join(args, ", "))
		}
		for _, p := range i.Properties {
			emits := "true"
			for _, a := range p.Annotations {
				emits = a.Value
			}
			add("property %s %s %s, change signal %s", p.Name, p.Type, p.Access, emits)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

// TestServedWithoutComments: the introspection that is served has no comments, and so is a few times shorter.
func TestServedWithoutComments(t *testing.T) {
	t.Parallel()
	texts, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range texts {
		if strings.Contains(text, "<!--") {
			t.Errorf("%s is served with comments", name)
		}
	}
}
