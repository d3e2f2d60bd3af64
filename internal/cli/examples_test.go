package cli

import (
	"context"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/console"
	"github.com/berthd/berth/internal/doctor"
)

// examplesOf returns the command lines of the manual's examples, by the heading that they stand below.
func examplesOf(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../man/berthctl.1")
	if err != nil {
		t.Fatal(err)
	}
	of, heading, within := map[string][]string{}, "", false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(strings.NewReplacer(`\-`, "-", `\(aq`, "'").Replace(line), "\n")
		switch title, ok := strings.CutPrefix(line, ".SS "); {
		case ok:
			heading, _, _ = strings.Cut(strings.Trim(title, `"`), " ")
		case strings.HasPrefix(line, ".SH "):
			heading = ""
		case line == ".EX" || line == ".EE":
			within = line == ".EX"
		case within && heading != "" && strings.HasPrefix(line, "berthctl "):
			of[heading] = append(of[heading], line)
		}
	}
	return of
}

// TestExamples: each command has an example in the manual, which does what it says.
func TestExamples(t *testing.T) {
	examples := examplesOf(t)
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"web.xml", "lab.xml", "disk.xml", "interface.xml"} {
		if err := os.WriteFile(name, []byte("<xml/>"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("config", []byte("lxc.uts.name = web\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	statuses := map[string]int{}
	for _, cmd := range Command(config(nil)).Commands() {
		lines := examples[cmd.Name()]
		if len(lines) == 0 && !cmd.Hidden {
			t.Errorf("%s has no example", cmd.Name())
		}
		for _, line := range lines {
			commands, err := splitCommands(line)
			if err != nil || len(commands) != 1 || !strings.Contains(line, cmd.Name()) {
				t.Errorf("%s: %s: %v, %v", cmd.Name(), line, commands, err)
				continue
			}
			words := commands[0][1:]
			if n := slices.Index(words, ">"); n >= 0 {
				words = words[:n]
			}
			if slices.Contains([]string{"socket-unit", "metrics", "import"}, cmd.Name()) { // they need the files of a host
				parses(t, cmd, words[1:])
				continue
			}
			ctx, cfg := exampleHost(t)
			if got := runWith(ctx, cfg, words...); got.status != statuses[cmd.Name()] || strings.Contains(got.err, "error:") != (got.status != 0) {
				t.Errorf("%s: %+v", line, got)
			}
			t.Chdir(dir) // cd may have left it
		}
	}
}

// exampleHost is a host on which every example can run.
func exampleHost(t *testing.T) (context.Context, Config) {
	t.Helper()
	f, cfg := eventful()
	exportable(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	f.told = cancel
	f.executed.exit = client.Exit{Kind: "exited"}
	f.consoles = served(t, func(_ int, _ client.ConsoleOptions, conn net.Conn) {
		says(conn, console.Packet{Kind: console.End})
	})
	cfg.After = func(d time.Duration) <-chan time.Time {
		if d > time.Second {
			return nil // the time of a wait, which is not up
		}
		return soon()
	}
	cfg.Examine = func(context.Context) []doctor.Finding { return nil }
	cfg.Getenv = func(name string) string { return map[string]string{"EDITOR": "true"}[name] }
	return ctx, cfg
}

// parses checks a command line without running it.
func parses(t *testing.T, cmd *cobra.Command, words []string) {
	t.Helper()
	if err := cmd.ParseFlags(words); err != nil {
		t.Error(err)
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		t.Error(err)
	}
}

// TestHelpNamesEachOption: the help of a command has its text, its words, and each option that the completion offers.
func TestHelpNamesEachOption(t *testing.T) {
	t.Parallel()
	for _, cmd := range Command(config(nil)).Commands() {
		help := run(t, fleet(), "help", cmd.Name()).out
		offered := run(t, fleet(), "__complete", cmd.Name(), "--").out
		for line := range strings.Lines(offered) {
			option, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
			if !strings.HasPrefix(option, "--") {
				continue
			}
			if !strings.Contains(help, " "+option) {
				t.Errorf("%s: the completion offers %s, which help does not have", cmd.Name(), option)
			}
		}
		if !cmd.HasSubCommands() && (!strings.Contains(help, cmd.Short) || !strings.Contains(help, "berthctl "+cmd.Use)) {
			t.Errorf("%s: help is %q", cmd.Name(), help)
		}
	}
}
