package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/shellword"
)

// TestSplitCommands: a line is split into commands and words as virsh splits it.
func TestSplitCommands(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][][]string{
		"":                           nil,
		"  ;; \n":                    nil,
		"list --all":                 {{"list", "--all"}},
		"list; domid web;":           {{"list"}, {"domid", "web"}},
		"list\ndomid web\n":          {{"list"}, {"domid", "web"}},
		`echo "b c" d\ e 'f"g' ''`:   {{"echo", "b c", "d e", `f"g`, ""}},
		`echo "a\"b" 'a\b' a#b #c;d`: {{"echo", `a"b`, `a\b`, "a#b"}},
		"# all\nlist # these\npwd":   {{"list"}, {"pwd"}},
		"domid \\\nweb":              {{"domid", "web"}},
		"echo a'b'c\"d\"":            {{"echo", "abcd"}},
		"echo 'a;b' ü":               {{"echo", "a;b", "ü"}},
	} {
		got, err := splitCommands(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v, want (-), got (+):\n%s", text, err, diff)
		}
	}
	for text, want := range map[string]string{`echo "a`: `missing "`, "echo 'a": "missing '", `echo \`: `dangling \`} {
		if _, err := splitCommands(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, word := range []string{"web", "", "a b", "it's", `a\b`, "a;b", "#a", "a\nb"} {
		if got, err := splitCommands(shellword.Quote(word)); err != nil || len(got) != 1 || len(got[0]) != 1 || got[0][0] != word {
			t.Errorf("%q: %q, %v", word, got, err)
		}
	}
}
