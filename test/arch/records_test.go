package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// TestRecordsNameTheirContainer: a record of the log names a container by one attribute, which has all of its fields
// (service/who.go), and not by a name or a uuid alone.
func TestRecordsNameTheirContainer(t *testing.T) {
	t.Parallel()
	const store = "internal/store" // it knows files only
	seen := 0
	for _, name := range files(t) {
		if !program(name) || below("test")(name) || below(store)(filepath.Dir(name)) {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, filepath.Join(top, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !isRecord(call) {
				return true
			}
			seen++
			for _, arg := range call.Args[min(1, len(call.Args)):] { // behind the text
				if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if key, _ := strconv.Unquote(lit.Value); slices.Contains([]string{"domain", "uuid", "machine"}, key) {
						t.Errorf("%s: %q: service.Who, WhoHas or who names the container", set.Position(lit.Pos()), key)
					}
				}
			}
			return true
		})
	}
	if seen < 50 {
		t.Errorf("only %d records were found", seen)
	}
}

// isRecord reports whether a call is one of a slog.Logger that is named log or Log.
func isRecord(call *ast.CallExpr) bool {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, method.Sel.Name) {
		return false
	}
	switch of := method.X.(type) {
	case *ast.Ident:
		return of.Name == "log"
	case *ast.SelectorExpr:
		return of.Sel.Name == "log" || of.Sel.Name == "Log"
	}
	return false
}
