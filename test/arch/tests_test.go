package arch

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// tiers are the build tags of tests that need more than Go, in the order in which they are run.
var tiers = []string{"bus", "nest", "vm", "clients"}

// testFunc is one test, benchmark or fuzz target of the tree.
type testFunc struct {
	dir, file, name string
	tier            string // "" is a unit test
	doc             string
}

// testFuncs gives every test function of the tree, in the order of the files and of their text.
func testFuncs(t *testing.T) []testFunc {
	t.Helper()
	var all []testFunc
	for _, name := range testFiles(t) {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(top, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if ok && f.Recv == nil && isTest(f.Name.Name) {
				all = append(all, testFunc{path.Dir(name), path.Base(name), f.Name.Name, tierOf(t, name), f.Doc.Text()})
			}
		}
	}
	return all
}

// testFiles gives the Go files that only go test compiles.
func testFiles(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, name := range files(t) {
		if strings.HasSuffix(name, "_test.go") && !strings.Contains(name, "testdata/") {
			found = append(found, name)
		}
	}
	return found
}

// isTest reports whether go test runs a function of that name. It calls TestMain, which tests nothing.
func isTest(name string) bool {
	for _, prefix := range []string{"Test", "Benchmark", "Fuzz"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && name != "TestMain" {
			first, _ := utf8.DecodeRuneInString(rest)
			return !unicode.IsLower(first)
		}
	}
	return false
}

// tierOf gives the tier whose build tag a file needs, "" when it needs none.
func tierOf(t *testing.T, name string) string {
	t.Helper()
	tier := ""
	lines(t, name, func(place, line string) {
		if !constraint.IsGoBuild(line) {
			return
		}
		expr, err := constraint.Parse(line)
		if err != nil {
			t.Fatalf("%s: %v", place, err)
		}
		for _, tag := range tiers {
			if needs(expr, tag) {
				tier = tag
			}
		}
	})
	return tier
}

// needs reports whether an expression holds with a tag and not without it, whatever else is set.
func needs(expr constraint.Expr, tag string) bool {
	with := expr.Eval(func(string) bool { return true })
	without := expr.Eval(func(other string) bool { return other != tag })
	return with && !without
}

// TestTierInFileName: a test file's name ends with its tier exactly when it has that tier's build tag.
func TestTierInFileName(t *testing.T) {
	t.Parallel()
	for _, name := range testFiles(t) {
		stem := strings.TrimSuffix(path.Base(name), "_test.go")
		named := ""
		for _, tier := range tiers {
			if strings.HasSuffix(stem, "_"+tier) {
				named = tier
			} else if stem == tier || strings.HasPrefix(stem, tier+"_") {
				t.Errorf("%s: the tier is the end of the name, as in x_%s_test.go", name, tier)
			}
		}
		if tier := tierOf(t, name); tier != named {
			t.Errorf("%s: its build tag is %q, and its name says %q", name, tier, named)
		}
	}
}
