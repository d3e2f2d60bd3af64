package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	longest = 400 // lines of a file: above it, it has two subjects
	long    = 250 // a file above it is told of, with -v
)

// TestFileLength: no file has more than 400 lines.
func TestFileLength(t *testing.T) {
	t.Parallel()
	for _, name := range files(t) {
		if ext := path.Ext(name); ext != ".go" && ext != "" && ext != ".sh" || strings.Contains(name, "testdata/") {
			continue
		}
		text := read(t, name)
		switch n := strings.Count(text, "\n"); {
		case n <= long || generated(text):
		case n > longest:
			t.Errorf("%s has %d lines, more than %d", name, n, longest)
		case testing.Verbose():
			t.Logf("%s has %d lines, which is long, but no error", name, n)
		}
	}
}

// generated reports whether a file has the mark that `go generate` tools leave.
func generated(text string) bool {
	return regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`).MatchString(text)
}

// TestPackageNames: no package has a name that says nothing of what is in it.
func TestPackageNames(t *testing.T) {
	t.Parallel()
	drawers := []string{"util", "utils", "common", "helper", "helpers", "misc", "types", "base", "manager", "shared", "lib"}
	for _, p := range list(t, "./...") {
		if slices.Contains(drawers, path.Base(p.ImportPath)) || slices.Contains(drawers, p.Name) {
			t.Errorf("%s: the name says nothing of what is in it", p.ImportPath)
		}
	}
}

// TestPackageComments: each package says once what it is, in the form that go doc wants.
func TestPackageComments(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		var comments []string
		for _, file := range p.GoFiles {
			parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if text := comment(parsed); text != "" {
				comments = append(comments, text)
			}
		}
		start := "Package " + p.Name + " "
		switch {
		case len(p.GoFiles) == 0:
		case len(comments) != 1:
			t.Errorf("%s has %d package comments, not one", p.ImportPath, len(comments))
		case p.Name != "main" && !strings.HasPrefix(comments[0], start):
			t.Errorf("%s: its comment does not start with %q", p.ImportPath, start)
		}
	}
}

func comment(file *ast.File) string {
	if file.Doc == nil {
		return ""
	}
	return file.Doc.Text()
}

// TestText: no file has an unfinished mark, a skipped test, a path of one machine or an ending of
// processes by name. The patterns are written so that they do not find themselves.
func TestText(t *testing.T) {
	t.Parallel()
	rules := []struct {
		pattern, why string
	}{
		{`\bp[k]ill\b|\bk[i]llall\b`, "it ends processes of others too: by pid only"},
		{`\b(TO[D]O|FIX[M]E|XX[X])\b`, "unfinished work is an issue, not a comment"},
		{`\b(t|b|f|tb)\.Sk[i]p(f|Now)?\(`, "a test that cannot run where it is must fail"},
		{`(^|[\s"'=:(` + "`" + `])/(wo[r]k|ro[o]t|ho[m]e)/`, "a path of one machine"},
		{`\.lib[r]ary\b`, "a path of one machine"},
		{`proxy\.gol[a]ng\.org|sum\.gol[a]ng\.org|deb\.deb[i]an\.org|registry\.np[m]js\.org|pypi\.o[r]g|crates\.i[o]\b`, "a registry is the machine's choice"},
		{`[Ff]ailed t[o] [a-z]+.*%w|[Uu]nable t[o] [a-z]+.*%w`, "an error names the operation and the object, without filler"},
	}
	for _, rule := range rules {
		find := regexp.MustCompile(rule.pattern)
		for _, name := range files(t) {
			if path.Base(name) == "go.sum" || strings.Contains(name, "testdata/") {
				continue
			}
			lines(t, name, func(place, line string) {
				if found := find.FindString(line); found != "" {
					t.Errorf("%s: %q: %s", place, found, rule.why)
				}
			})
		}
	}
}
