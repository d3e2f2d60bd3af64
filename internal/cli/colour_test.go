package cli

import (
	"strings"
	"testing"
)

// TestColours: tables and errors have colours on a terminal that shows them, unless NO_COLOR is set. JSON and pipes
// have none.
func TestColours(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		terminal bool
		env      map[string]string
		line     string
		want     string // of the output and the errors
	}{
		"states":      {true, map[string]string{"TERM": "xterm"}, "list --all", "\x1b[1mId\x1b[0m ^ \x1b[32mrunning\x1b[0m\n^ \x1b[33mpaused\x1b[0m\n^ \x1b[90mshut off\x1b[0m\n"},
		"networks":    {true, map[string]string{"TERM": "xterm"}, "net-list --all", "\x1b[32mactive\x1b[0m "},
		"an error":    {true, map[string]string{"TERM": "xterm"}, "nosuch", "\x1b[1;31merror:\x1b[0m unknown command"},
		"NO_COLOR":    {true, map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, "list --all", ""},
		"dumb":        {true, map[string]string{"TERM": "dumb"}, "list --all", ""},
		"no terminal": {false, map[string]string{"TERM": "xterm"}, "list --all", ""},
		"JSON":        {true, map[string]string{"TERM": "xterm"}, "list --all --json", ""},
		"quiet":       {true, map[string]string{"TERM": "xterm"}, "-q list --all", ""},
	} {
		cfg := config(fleet())
		cfg.Terminal, cfg.OutTerminal, cfg.Getenv = tc.terminal, tc.terminal, func(name string) string { return tc.env[name] }
		o := runWith(t.Context(), cfg, strings.Fields(tc.line)...)
		text := o.out + o.err
		if tc.want == "" && strings.Contains(text, "\x1b") {
			t.Errorf("%s: %q", name, text)
		}
		for part := range strings.SplitSeq(tc.want, "^") {
			if !strings.Contains(text, part) {
				t.Errorf("%s: no %q in %q", name, part, text)
			}
		}
		if plain := run(t, fleet(), strings.Fields(tc.line)...); tc.want != "" {
			for _, code := range []string{bold, red, green, yellow, grey, normal} {
				text = strings.ReplaceAll(text, code, "")
			}
			if text != plain.out+plain.err {
				t.Errorf("%s: without colours %q, and plainly %q", name, text, plain.out)
			}
		}
	}
}
