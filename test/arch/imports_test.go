package arch

import (
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// adapters speak to one thing outside each, and know nothing of each other.
var adapters = []string{"machined", "units", "selinux", "audit", "polkit"}

// pure packages turn values into values.
var pure = []string{
	"contract", "internal/domain", "internal/lxcconf", "internal/lxcconf/syntax", "internal/plan", "internal/planner", "internal/procview", "internal/events", "internal/figures", "internal/idrange", "internal/metrics", "internal/native", "internal/netxml", "internal/node", "internal/nspawnconf", "internal/numberset", "internal/pack", "internal/pattern", "internal/remote/xdr", "internal/shellword", "internal/shift", "internal/shutdown", "internal/size", "internal/top", "internal/export", "internal/export/nspawn", "internal/export/oci", "internal/unitname", "internal/guest",
}

// pureFiles are the pure parts of a package that is not.
var pureFiles = []string{"service/lifecycle.go"}

// numbers are the names that a pure file may use of package syscall: values without an effect.
var numbers = regexp.MustCompile(`^(Signal|SIG[A-Z0-9]+|Errno|E[A-Z0-9]+)$`)

// impure reports whether an import gives a way to the world outside of the program. Of syscall see
// TestPureNumbers.
func impure(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	if path == "net/netip" { // values only
		return false
	}
	return slices.Contains([]string{"os", "net", "plugin", "log", "time", "unsafe"}, first) ||
		strings.HasPrefix(path, "golang.org/x/sys")
}

// TestPurePackages: a pure package imports nothing that gives it a way to the world.
func TestPurePackages(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, p := range list(t, "./...") {
		if !slices.Contains(pure, short(p.ImportPath)) {
			continue
		}
		seen++
		for _, path := range p.Imports {
			checkPure(t, short(p.ImportPath), path)
		}
	}
	if seen < 3 {
		t.Errorf("only %d of the pure packages %v were found", seen, pure)
	}
	for _, file := range pureFiles {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(top, file), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			checkPure(t, file, path)
		}
	}
}

// TestPureNumbers: a pure file takes from package syscall names of signals and errors only.
func TestPureNumbers(t *testing.T) {
	t.Parallel()
	for _, name := range files(t) {
		if !slices.Contains(pureFiles, name) && (!slices.Contains(pure, path.Dir(name)) || !program(name)) {
			continue
		}
		for _, use := range uses(t, name, "syscall") {
			if !numbers.MatchString(use.name) {
				t.Errorf("%s: syscall.%s has an effect", use.place, use.name)
			}
		}
	}
}

// checkPure checks one import of something pure.
func checkPure(t *testing.T, who, path string) {
	t.Helper()
	first, _, _ := strings.Cut(path, "/")
	switch {
	case impure(path):
		t.Errorf("%s is pure, but imports %s", who, path)
	case short(path) != "":
		if !slices.Contains(pure, short(path)) {
			t.Errorf("%s is pure, but imports %s, which is not", who, short(path))
		}
	case path == "libvirt.org/go/libvirtxml" && (who == "internal/domain" || who == "internal/netxml" || who == "internal/node"):
	case path == "github.com/opencontainers/runtime-spec/specs-go" && who == "internal/export/oci":
	case strings.Contains(first, "."):
		t.Errorf("%s is pure, but imports %s, which is not of the standard library", who, path)
	}
}

// TestDirections: every import within the module goes the way that the layers allow.
func TestDirections(t *testing.T) {
	t.Parallel()
	rules := []struct {
		who     func(string) bool
		allowed func(string) bool
		why     string
	}{
		{is("service"), in(pure...), "service names what it needs as interfaces, and imports the pure packages only"},
		{in(adapters...), in(append([]string{"service"}, pure...)...), "an adapter is a leaf: it may know the core's types, but no other adapter"},
		{is("dbusapi"), in("service", "contract", "internal/bus", "internal/domain", "internal/events", "internal/figures", "internal/guest", "internal/linux/hostlimit", "internal/lxcconf", "internal/lxcconf/syntax", "internal/native", "internal/node", "internal/nspawnconf", "internal/numberset"), "dbusapi translates between the bus and the service"},
		{is("internal/cli"), in("contract", "internal/account", "internal/client", "internal/config", "internal/console", "internal/doctor", "internal/export", "internal/export/nspawn", "internal/export/oci", "internal/figures", "internal/foreign", "internal/linux/inroot", "internal/lxcconf/syntax", "internal/moving", "internal/numberset", "internal/plan", "internal/screen", "internal/shellword", "internal/size", "internal/top"), "berthctl talks only D-Bus, and with consoles that it got there; it exports what it got, and looks users up in a root for that"},
		{is("internal/remote"), in("service", "contract", "internal/domain", "internal/events", "internal/figures", "internal/guest", "internal/linux/hostlimit", "internal/linux/namespace", "internal/linux/peer", "internal/linux/stream", "internal/lxcconf", "internal/lxcconf/syntax", "internal/native", "internal/node", "internal/numberset", "internal/plan", "internal/remote/xdr"), "internal/remote translates between libvirt's protocol and the service"},
		{is("internal/screen"), in(), "a screen needs nothing of what is on it"},
		{is("internal/moving"), in("internal/client", "internal/domain", "internal/foreign", "internal/lxcconf/syntax", "internal/netxml", "internal/shellword", "internal/shift"), "a move compares definitions, and talks only D-Bus"},
		{is("internal/foreign"), in("internal/linux/inroot", "internal/lxcconf/syntax", "internal/unitname"), "who only reads files needs nothing of Berth but how to stay in a tree"},
		{is("internal/client"), in("contract", "internal/bus", "internal/figures"), "a client needs the contract, a connection, and the names of figures"},
		{is("internal/bus"), in(), "how a bus is read needs nothing of what is said on it"},
		{not(in("cmd/berthd", "dbusapi", "internal/client")), not(is("internal/bus")), "adapters get their connection, and only say what they expect on it"},
		{below("internal/linux"), below("internal/linux"), "a family of system calls needs nothing of Berth"},
		{not(in("cmd/berthd"), below("test")), not(in(adapters...)), "only cmd/berthd sees the adapters"},
		{not(in("cmd/berthd"), below("test")), not(is("dbusapi"), is("internal/remote"), is("internal/store"), is("internal/launch"), is("internal/image"), is("internal/host"), is("internal/hostnet"), is("internal/network"), is("internal/relabel")), "only cmd/berthd wires the daemon's parts"},
		{not(below("cmd")), not(below("cmd")), "a program is not a library"},
		{not(below("test")), not(below("test")), "tests are for tests"},
	}
	for _, p := range list(t, "./...") {
		who := short(p.ImportPath)
		for _, path := range p.Imports {
			what := short(path)
			if what == "" {
				continue
			}
			for _, rule := range rules {
				if rule.who(who) && !rule.allowed(what) {
					t.Errorf("%s imports %s: %s", who, what, rule.why)
				}
			}
		}
	}
}

func is(name string) func(string) bool { return func(s string) bool { return s == name } }

func in(names ...string) func(string) bool {
	return func(s string) bool { return slices.Contains(names, s) }
}

func below(dir string) func(string) bool {
	return func(s string) bool { return s == dir || strings.HasPrefix(s, dir+"/") }
}

// not is true when none of the conditions is.
func not(conditions ...func(string) bool) func(string) bool {
	return func(s string) bool {
		return !slices.ContainsFunc(conditions, func(c func(string) bool) bool { return c(s) })
	}
}
