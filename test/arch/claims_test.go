package arch

import (
	"cmp"
	"fmt"
	"go/doc"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// claim is what a test shows: the first sentence of its comment, less the name. It is "" when the
// comment has not the form "Name: claim.".
func (f testFunc) claim() string {
	claim, ok := strings.CutPrefix(new(doc.Package).Synopsis(f.doc), f.name+": ")
	if !ok || !strings.HasSuffix(claim, ".") || len(strings.Fields(claim)) < 3 {
		return ""
	}
	return claim
}

// TestEveryTestClaims: the comment of every test begins with the sentence "Name: claim.".
func TestEveryTestClaims(t *testing.T) {
	t.Parallel()
	for _, f := range testFuncs(t) {
		if f.claim() == "" {
			t.Errorf("%s/%s: the comment of %[3]s does not begin with a sentence \"%[3]s: what holds.\"", f.dir, f.file, f.name)
		}
	}
}

// TestClaims: test/claims.md lists what every test claims, by room and tier.
func TestClaims(t *testing.T) {
	t.Parallel()
	all := testFuncs(t)
	order := append([]string{""}, tiers...)
	slices.SortStableFunc(all, func(a, b testFunc) int {
		return cmp.Or(strings.Compare(a.dir, b.dir), slices.Index(order, a.tier)-slices.Index(order, b.tier), strings.Compare(a.file, b.file))
	})
	var text strings.Builder
	text.WriteString("# What is proven where\n\nThe first sentence of every test, by directory and tier. `go test ./test/arch -run TestClaims -update` writes this file.\n")
	var last testFunc
	for _, f := range all {
		if f.dir != last.dir {
			fmt.Fprintf(&text, "\n## %s\n", f.dir)
		}
		if f.dir != last.dir || f.tier != last.tier {
			fmt.Fprintf(&text, "\n### %s\n\n", cmp.Or(f.tier, "unit"))
		}
		// Markdown would take an element of XML for its own.
		fmt.Fprintf(&text, "- `%s`: %s\n", f.name, strings.ReplaceAll(f.claim(), "<", `\<`))
		last = f
	}
	const name = "test/claims.md"
	if *update {
		if err := os.WriteFile(filepath.Join(top, name), []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := gocmp.Diff(read(t, name), text.String()); diff != "" {
		t.Errorf("%s (-) and the tests (+); go test ./test/arch -run TestClaims -update writes it:\n%s", name, diff)
	}
}
