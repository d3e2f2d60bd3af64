package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestNamespaceCalls: only the packages that know the rules of threads change namespaces, mounts and
// capabilities. A goroutine elsewhere does not know which thread it does that to.
func TestNamespaceCalls(t *testing.T) {
	t.Parallel()
	calls := []string{
		"Setns", "Unshare", "Chroot", "PivotRoot", "Mount", "Unmount", "MoveMount", "OpenTree", "MountSetattr",
		"Fsopen", "Fsmount", "Fspick", "Capset", "Syscall", "Syscall6", "RawSyscall", "RawSyscall6",
	}
	seen := 0
	for _, name := range files(t) {
		if !program(name) || below("test")(name) {
			continue
		}
		for _, use := range uses(t, name, "syscall", "golang.org/x/sys/unix") {
			switch {
			case !slices.Contains(calls, use.name):
			case below("internal/linux")(name) || below("internal/initproc")(name):
				seen++
			default:
				t.Errorf("%s: %s belongs below internal/linux, or into internal/initproc", use.place, use.name)
			}
		}
	}
	if seen == 0 {
		t.Errorf("none of %v was found where it belongs", calls)
	}
}

// use is one mention of a name that another package exports.
type use struct{ place, name string }

// uses finds the mentions, in a Go file, of what packages export.
func uses(t *testing.T, name string, packages ...string) []use {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, filepath.Join(top, name), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	local := map[string]bool{}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case !slices.Contains(packages, imported):
		case spec.Name != nil:
			local[spec.Name.Name] = true
		default:
			local[path.Base(imported)] = true
		}
	}
	var found []use
	ast.Inspect(file, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if from, ok := selector.X.(*ast.Ident); ok && local[from.Name] {
			line := set.Position(selector.Pos()).Line
			found = append(found, use{place: fmt.Sprintf("%s:%d", name, line), name: selector.Sel.Name})
		}
		return true
	})
	return found
}

// program reports whether a file is Go source that a program may be built of.
func program(name string) bool {
	return path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") && !strings.Contains(name, "testdata/")
}
