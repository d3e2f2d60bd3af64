package man_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/berthd/berth/internal/cli"
	"github.com/berthd/berth/internal/client/clienttest"
	"github.com/berthd/berth/internal/config"
	"github.com/berthd/berth/internal/figures"
)

// TestCommandsAreDocumented: berthctl(1) has each command with its words and options, and no other.
func TestCommandsAreDocumented(t *testing.T) {
	t.Parallel()
	page := read(t, "berthctl.1")
	root := cli.Command(cli.Config{Out: os.Stdout, Err: os.Stderr, Version: "1"})

	got := options(page.part("OPTIONS"))
	if diff := cmp.Diff(flagsOf(root.Flags(), root.PersistentFlags()), got); diff != "" {
		t.Errorf("global options, command (-) and page (+):\n%s", diff)
	}
	documented, headings := page.subsections("COMMANDS"), map[string]bool{}
	for heading := range split(page.part("COMMANDS"), ".SS") {
		headings[heading] = true
	}
	var answered []string
	for _, cmd := range root.Commands() {
		if cmd.Hidden {
			answered = append(answered, cmd.Name())
			continue
		}
		text, ok := documented[cmd.Name()]
		if !ok {
			t.Errorf("the page has no command %s", cmd.Name())
			continue
		}
		delete(documented, cmd.Name())
		if !headings[cmd.Use] {
			t.Errorf("the page has no command \"%s\"", cmd.Use)
		}
		if diff := cmp.Diff(flagsOf(localFlags(cmd)...), options(text)); diff != "" {
			t.Errorf("%s, command (-) and page (+):\n%s", cmd.Name(), diff)
		}
	}
	for name := range documented {
		t.Errorf("the page has a command %s that does not exist", name)
	}
	var list []string
	_, names, _ := strings.Cut(page.part("COMMANDS THAT ARE NOT SUPPORTED"), "\n.PP\n")
	for line := range strings.Lines(names) {
		name, _, _ := strings.Cut(plain(line), " ")
		list = append(list, name)
	}
	if diff := cmp.Diff(answered, list); diff != "" {
		t.Errorf("commands that only answer (-) and page (+):\n%s", diff)
	}
}

// localFlags are the options of a command and of the commands below it.
func localFlags(cmd *cobra.Command) []*pflag.FlagSet {
	sets := []*pflag.FlagSet{cmd.LocalNonPersistentFlags()}
	for _, sub := range cmd.Commands() {
		sets = append(sets, sub.LocalNonPersistentFlags())
	}
	return sets
}

func flagsOf(sets ...*pflag.FlagSet) []string {
	var names []string
	for _, set := range sets {
		set.VisitAll(func(f *pflag.Flag) {
			if !f.Hidden { // of virsh's, and an error
				names = append(names, f.Name)
			}
		})
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// options are the long options that a text has a paragraph for.
func options(text string) []string {
	var names []string
	for _, tag := range tags(text) {
		for _, m := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(tag, -1) {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestDaemonOptionsAreDocumented: berthd(8) has each option, and no other.
func TestDaemonOptionsAreDocumented(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(filepath.Join("..", "cmd", "berthd", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, m := range regexp.MustCompile(`flag\.[A-Z]\w*\((?:[^",]*, )?"([a-z-]+)"`).FindAllSubmatch(source, -1) {
		want = append(want, string(m[1]))
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, options(read(t, "berthd.8").part("OPTIONS"))); diff != "" {
		t.Errorf("program (-) and page (+):\n%s", diff)
	}
}

// TestConfigurationIsDocumented: berth.conf(5) has each key, and no other.
func TestConfigurationIsDocumented(t *testing.T) {
	t.Parallel()
	page := read(t, "berth.conf.5")
	want := config.Keys()
	var got []string
	for _, section := range []string{"Daemon", "Container"} {
		for _, tag := range tags(page.part("[" + strings.ToUpper(section) + "] SECTION")) {
			got = append(got, section+"."+strings.TrimSuffix(tag, "="))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("program (-) and page (+):\n%s", diff)
	}
}

// TestInterfaceIsDocumented: org.berth1(5) has each method, signal and property with its types, and
// no other.
func TestInterfaceIsDocumented(t *testing.T) {
	t.Parallel()
	page := read(t, "org.berth1.5")
	contract := clienttest.Load(t)
	for section, name := range map[string]string{"MANAGER INTERFACE": "org.berth1.Manager", "CONTAINER INTERFACE": "org.berth1.Container", "NETWORKS INTERFACE": "org.berth1.Networks"} {
		iface := contract.Interface(t, name)
		parts := page.subsections(section)
		for part, want := range map[string][]string{
			"Methods": callables(iface.Methods), "Signals": callables(iface.Signals), "Properties": properties(iface.Properties),
		} {
			if diff := cmp.Diff(want, topTags(parts[part])); diff != "" {
				t.Errorf("%s, %s, contract (-) and page (+):\n%s", name, part, diff)
			}
		}
	}
}

func callables(list []clienttest.Method) []string {
	var lines []string
	for _, m := range list {
		var args []string
		for _, a := range m.Args {
			args = append(args, strings.TrimSpace(a.Direction+" "+a.Name+" "+a.Type))
		}
		lines = append(lines, m.Name+"("+strings.Join(args, ", ")+")")
	}
	return lines
}

func properties(list []clienttest.Property) []string {
	var lines []string
	for _, p := range list {
		lines = append(lines, p.Name+" "+p.Type)
	}
	return lines
}

// TestFiguresAreDocumented: org.berth1(5) has each figure in its group, and no other.
func TestFiguresAreDocumented(t *testing.T) {
	t.Parallel()
	parts := read(t, "org.berth1.5").subsections("FIGURES")
	var got, want []string
	for _, group := range figures.GroupNames() {
		for _, tag := range topTags(parts[group]) {
			got = append(got, strings.Split(tag, ", ")...)
		}
	}
	for f := range figures.Figure(len(got)) {
		want = append(want, f.String())
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" || figures.Figure(len(got)) != figures.Count {
		t.Errorf("%d figures of %d; program (-) and page (+):\n%s", len(got), figures.Count, diff)
	}
}

// TestErrorsAreDocumented: org.berth1(5) has each error, and no other.
func TestErrorsAreDocumented(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(filepath.Join("..", "contract", "errors.go"))
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`org\.berth1\.Error\.\w+`).FindAllString(string(source), -1)
	got := topTags(read(t, "org.berth1.5").part("ERRORS"))
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(slices.Compact(want), got); diff != "" {
		t.Errorf("program (-) and page (+):\n%s", diff)
	}
}

// TestPagesAreClean: groff reads every page without a warning.
func TestPagesAreClean(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("*.[1-9]")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		out, err := exec.CommandContext(t.Context(), groff, "-man", "-Tutf8", "-ww", "-z", page).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", page, err, out)
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if len(line) > 120 || strings.TrimRight(line, " \t") != line {
				t.Errorf("%s:%d: too long, or blanks at its end", page, i+1)
			}
		}
	}
}
