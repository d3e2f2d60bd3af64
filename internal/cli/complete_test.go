package cli

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestCompletion: each verb completes the containers that it can be used on.
func TestCompletion(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"start |":                         {"Archive", "db"},
		"start --domain |":                {"Archive", "db"},
		"start --domain=|":                {"Archive", "db"},
		"destroy |":                       {"build", "web"},
		"suspend |":                       {"web"},
		"resume |":                        {"build"},
		"undefine |":                      {"Archive", "db", "web"},
		"dumpxml |":                       {"Archive", "build", "db", "web"},
		"plan |":                          {"Archive", "build", "db", "web"},
		"dumpxml web |":                   nil,
		"dumpxml --domain=web |":          nil,
		"exec |":                          {"web"},
		"exec --user me |":                {"web"},
		"exec web |":                      nil,
		"exec web sh -|":                  nil,
		"exec web sh --user |":            nil,
		"exec web sh --domain |":          nil,
		"define |":                        {"xml"},
		"domstats |":                      {"Archive", "build", "db", "web"},
		"domstats web |":                  {"Archive", "build", "db", "web"},
		"dommemstat |":                    {"build", "web"},
		"cpu-stats |":                     {"build", "web"},
		"domblkstat |":                    {"build", "web"},
		"domblkstat web |":                {"vda", "vdb"},
		"domblkstat build |":              nil,
		"domblkstat web vda |":            nil,
		"domifstat |":                     {"build", "web"},
		"domifstat web |":                 {"eth0", "lan"},
		"domifstat build |":               nil,
		"domiflist |":                     {"Archive", "build", "db", "web"},
		"define a.xml |":                  nil,
		"memtune |":                       {"Archive", "build", "db", "web"},
		"setmem web |":                    nil,
		"attach-device |":                 {"Archive", "build", "db", "web"},
		"attach-device web |":             {"xml"},
		"detach-device-alias web |":       {"disk0", "ua-b", "hostdev0"},
		"detach-disk web |":               {"vda", "vdb"},
		"detach-disk build |":             nil,
		"attach-disk web /a vda --mode |": {"readonly"},
		"numatune web |":                  {"strict", "restrictive"},
		"numatune --mode |":               {"strict", "restrictive"},
		"numatune web strict |":           nil,
		"schedinfo web |":                 {"cpu_shares=", "vcpu_period=", "vcpu_quota="},
		"help top |":                      nil,
		"top |":                           nil,
		"schedinfo web a=1 |":             {"cpu_shares=", "vcpu_period=", "vcpu_quota="},
		"domif-getlink web |":             {"eth0", "lan", "eth1"},
		"domif-setlink web lan |":         {"up", "down"},
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"__complete"}, strings.Split(strings.TrimSuffix(line, "|"), " ")...)
			o := run(t, fleet(), args...)
			var got []string
			for word := range strings.Lines(o.out) {
				if !strings.HasPrefix(word, ":") {
					got = append(got, strings.TrimSuffix(word, "\n"))
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

// TestNothingCompletesFiles: no command and no option offers the files of the directory, but those that want a file.
func TestNothingCompletesFiles(t *testing.T) {
	t.Parallel()
	offers := func(args ...string) bool {
		lines := strings.Split(strings.TrimSpace(run(t, fleet(), append([]string{"__complete"}, args...)...).out), "\n")
		return lines[len(lines)-1] == ":0"
	}
	var files []string
	var walk func(c *cobra.Command, path []string)
	walk = func(c *cobra.Command, path []string) {
		if !c.HasSubCommands() && offers(append(path, "")...) {
			files = append(files, strings.Join(path, " "))
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.NoOptDefVal == "" && offers(append(path, "--"+f.Name, "")...) {
				files = append(files, strings.Join(path, " ")+" --"+f.Name)
			}
		})
		for _, below := range c.Commands() {
			walk(below, append(slices.Clone(path), below.Name()))
		}
	}
	walk(Command(config(nil)), nil)
	if got := run(t, fleet(), "__complete", "help", "").out; !strings.Contains(got, "nodecpustats\n") {
		t.Errorf("help completes %q", got)
	}
	if diff := cmp.Diff([]string{"attach-disk --source", "cd", "cd --dir", "domxml-from-native --config", "export-nspawn --file", "export-nspawn --unit", "export-oci --dir", "import --root", "socket-unit --listen", "socket-unit --listen-datagram", "socket-unit --listen-fifo", "socket-unit --listen-seqpacket", "unshift --path"}, files); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

// TestCompleteSignals: the names of signals are completed as they were begun, where a signal is expected.
func TestCompleteSignals(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"|": "web", "web |": "", "web 1 |": "term", "web 1 te|": "term", "web 1 TE|": "TERM", "web 1 SIGT|": "SIGTERM", "web 1 sigt|": "sigterm",
		"--domain web 1 |": "term", "--domain=web --pid 1 |": "term", "web --pid 1 |": "term", "web --signame |": "term", "web --signame term |": "", "web 1 term |": "",
		"web --pid |": "",
	} {
		args := append([]string{"__complete", "send-process-signal"}, strings.Split(strings.TrimSuffix(line, "|"), " ")...)
		got := strings.Split(run(t, fleet(), args...).out, "\n")
		if want != "" && !slices.Contains(got, want) || want == "" && got[0] != ":4" {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// TestCompletionWithoutDaemon: without berthd nothing is completed, and no error is shown.
func TestCompletionWithoutDaemon(t *testing.T) {
	t.Parallel()
	cfg := config(nil)
	cfg.Connect = func(context.Context) (Daemon, error) { return nil, errors.New("no bus") }
	if got := runWith(t.Context(), cfg, "__complete", "start", ""); got.out != ":4\n" || got.status != 0 {
		t.Errorf("got %+v", got)
	}
}

// TestCompletionDescribes: the description of an option that a shell shows has no quotes of the help's.
func TestCompletionDescribes(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"define --", "top --", "list -"} {
		got := run(t, fleet(), append([]string{"__complete"}, strings.Split(words, " ")...)...).out
		if !strings.Contains(got, "--host\tthe containers of another host: [USER@]HOST[:PORT], by ssh\n") || strings.Contains(got, "`") {
			t.Errorf("%s: %q", words, got)
		}
	}
}

// TestCompletionScripts: each shell gets a script.
func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if got := run(t, fleet(), "completion", shell); got.status != 0 || !strings.Contains(got.out, "__complete") {
			t.Errorf("%s: status %d, %d bytes, %s", shell, got.status, len(got.out), got.err)
		}
	}
}
