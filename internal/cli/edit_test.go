package cli

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

const changedXML = "<domain type='lxc'><title>new</title></domain>"

// edited runs berthctl edit with an editor, a shell command, and with answers at a terminal.
func edited(t *testing.T, f *fake, editor, answers string) outcome {
	t.Helper()
	return editedWith(t, f, func(*Config) {}, editor, answers)
}

// editedWith does so in another environment, and with more words.
func editedWith(t *testing.T, f *fake, change func(*Config), editor, answers string, args ...string) outcome {
	t.Helper()
	cfg := config(f)
	change(&cfg)
	// A file, as a terminal is one: of another reader, the editor would take all.
	in, terminal, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	_, _ = terminal.WriteString(answers)
	_ = terminal.Close()
	cfg.In, cfg.Asks = in, answers != ""
	cfg.Getenv = func(name string) string { return map[string]string{"VISUAL": editor, "EDITOR": "false"}[name] }
	return runWith(t.Context(), cfg, append([]string{"edit", "web"}, args...)...)
}

// keptFile returns the text of the file that an error names, and removes it.
func keptFile(t *testing.T, o outcome) string {
	t.Helper()
	found := regexp.MustCompile(`is kept in (\S+)\n`).FindStringSubmatch(o.err)
	if found == nil {
		return ""
	}
	t.Cleanup(func() { _ = os.RemoveAll(filepath.Dir(found[1])) })
	text, err := os.ReadFile(found[1])
	if err != nil {
		t.Error(err)
	}
	for name, want := range map[string]os.FileMode{found[1]: 0o600, filepath.Dir(found[1]): 0o700 | os.ModeDir} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	return strings.TrimSpace(string(text))
}

// TestEdit: an edit stores what the editor leaves, made from what was stored; a definition that is refused can be
// edited again or given up, and then it is kept.
func TestEdit(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	refused := &client.Error{Name: contract.ErrorInvalidXML, Message: "cannot change: memory: is zero", Details: map[string]any{}}
	stale := &client.Error{Name: contract.ErrorChanged, Message: "its definition was changed meanwhile", Details: map[string]any{}}
	write := "f() { echo \"" + changedXML + "\" > \"$1\"; }; f"
	once := "g() { grep -q title \"$1\" && exit 9; echo \"" + changedXML + "\" > \"$1\"; }; g" // fails when it is called again
	for name, tc := range map[string]struct {
		editor, answers string
		refusal         error // of the first attempt
		out             string
		err             string // its end
		stored          []string
		kept            bool
		status          int
	}{
		"changed":                {editor: write, out: "Domain 'web' XML configuration edited.\n", stored: []string{"P", "N"}},
		"not changed":            {editor: "true", out: "Domain 'web' XML configuration not changed.\n"},
		"touched":                {editor: "touch", out: "Domain 'web' XML configuration not changed.\n"},
		"removed":                {editor: "rm", out: "Domain 'web' XML configuration not changed.\n"},
		"removed, and it fails":  {editor: "f() { rm \"$1\"; false; }; f", err: "error: editor 'f() { rm \"$1\"; false; }; f': exit status 1\n", status: 1},
		"the directory, too":     {editor: "f() { rm -r \"${1%/*}\"; }; f", out: "Domain 'web' XML configuration not changed.\n"},
		"removed, tried again":   {editor: "f() { grep -q memory \"$1\" && { rm \"$1\"; exit; }; echo memory > \"$1\"; }; f", answers: "y\n", refusal: refused, out: "Domain 'web' XML configuration not changed.\n"},
		"the editor fails":       {editor: "false", err: "error: editor 'false': exit status 1\n", status: 1},
		"it fails with changes":  {editor: write + " \"$@\"; false", err: "exit status 1; what you have written", kept: true, status: 1},
		"an editor with options": {editor: "sed -i -e 's/.*domain.*/<domain><title>new<\\/title><\\/domain>/'", out: "Domain 'web' XML configuration edited.\n", stored: []string{"P", "<domain><title>new</title></domain>\n<domain><title>new</title></domain>\n"}},
		"no such editor":         {editor: "/nosuch/editor", err: "error: editor '/nosuch/editor': exit status 127\n", status: 1},
		"refused, no terminal":   {editor: write, refusal: refused, err: "error: the definition of domain 'web' was not changed; what you have written", kept: true, status: 1},
		"refused, given up":      {editor: write, answers: "what\nn\n", refusal: refused, err: "the file is kept", kept: true, status: 1},
		"refused, end of input":  {editor: write, answers: "?", refusal: refused, err: "not changed; what you have written", kept: true, status: 1},
		"refused, edited again":  {editor: write, answers: "y\n", refusal: refused, out: "Domain 'web' XML configuration edited.\n", stored: []string{"P", "N"}},
		"refused, no f":          {editor: write, answers: "f\nn\n", refusal: refused, err: "Try again? [y,n,?]: ", kept: true, status: 1},
		"stale, replaced":        {editor: once, answers: "f\n", refusal: stale, out: "Domain 'web' XML configuration edited.\n", stored: []string{"", "N"}},
		"stale, given up":        {editor: once, answers: "n\n", refusal: stale, err: "Try again? [y,n,f,?]: ", kept: true, status: 1},
		"no text":                {editor: "f() { printf '\\377' > \"$1\"; }; f", err: "not UTF-8 text", kept: true, status: 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := fleet()
			if tc.refusal != nil {
				f.errs["Redefine"] = tc.refusal
				seen := 0
				f.hook = func(method string) {
					if method == "Redefine" {
						if seen++; seen > 1 {
							delete(f.errs, "Redefine")
						}
					}
				}
			}
			got := edited(t, f, tc.editor, tc.answers)
			if got.out != tc.out || !strings.Contains(got.err, tc.err) || (tc.err == "") != (got.err == "") && tc.refusal == nil || got.status != tc.status {
				t.Errorf("got %+v", got)
			}
			want := slicesReplace(tc.stored, map[string]string{"P": f.xml, "N": changedXML + "\n"})
			if diff := cmp.Diff(want, f.redefined); diff != "" {
				t.Errorf("stored, -want +got\n%s", diff)
			}
			if kept := keptFile(t, got); (kept != "") != tc.kept {
				t.Errorf("kept %q", kept)
			}
			if left, _ := filepath.Glob(os.Getenv("TMPDIR") + "/berth-edit-*"); !tc.kept && len(left) > 0 {
				t.Errorf("left: %v", left)
			}
		})
	}
}

func slicesReplace(list []string, by map[string]string) (out []string) {
	for _, word := range list {
		if text, ok := by[word]; ok {
			word = text
		}
		out = append(out, word)
	}
	return out
}

// TestEditSchema: edit stores nothing that is against libvirt's schema, unless --skip-validate or an i at the terminal
// says so; a host without the schema stores it without a word.
func TestEditSchema(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	write := "f() { echo \"" + changedXML + "\" > \"$1\"; }; f"
	against := func(_ context.Context, text string) ([]client.Fault, error) {
		return []client.Fault{{Kind: "schema", Line: 1, Text: "not " + strings.TrimSpace(text)}}, nil
	}
	missing := func(context.Context, string) ([]client.Fault, error) { return nil, ErrNoSchema }
	for name, tc := range map[string]struct {
		check   func(context.Context, string) ([]client.Fault, error)
		answers string
		args    []string
		err     string
		stored  bool
	}{
		"against":         {against, "", nil, ".xml:1: not " + changedXML + "\nerror: the definition of domain 'web' was not changed; what", false},
		"against, asked":  {against, "n\n", nil, "Try again? [y,n,i,?]: error: the definition", false},
		"against, helped": {against, "?\nn\n", nil, "i - ignore libvirt's schema, and store it as it is\nTry", false},
		"ignored":         {against, "i\n", nil, "Try again? [y,n,i,?]: ", true},
		"skipped":         {against, "", []string{"--skip-validate"}, "", true},
		"no schema":       {missing, "", nil, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			f := fleet()
			got := editedWith(t, f, func(c *Config) { c.CheckSchema = tc.check }, write, tc.answers, tc.args...)
			keptFile(t, got)
			if !strings.Contains(got.err, tc.err) || tc.err == "" && got.err != "" || (got.status == 0) != tc.stored || (len(f.redefined) > 0) != tc.stored {
				t.Errorf("got %+v, stored %q", got, f.redefined)
			}
		})
	}
}

// TestEditTransient: a container without a stored definition cannot be edited.
func TestEditTransient(t *testing.T) {
	t.Parallel()
	want := outcome{err: "error: domain 'build' is transient, it has no stored definition\n", status: 1}
	if got := run(t, fleet(), "edit", "build"); got != want {
		t.Errorf("got %+v", got)
	}
}

// TestNetworkEdit: an edit of a network stores what the editor leaves. A transient network has nothing to edit.
func TestNetworkEdit(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	f := fleet()
	cfg := config(f)
	cfg.Getenv = func(name string) string {
		return map[string]string{"EDITOR": `f() { echo "<network><name>default</name></network>" > "$1"; }; f`}[name]
	}
	got := runWith(t.Context(), cfg, "net-edit", "default")
	if got != (outcome{out: "Network default XML configuration edited.\n"}) || !slices.Contains(f.calls, "DefineNetwork <network><name>default</name></network>") {
		t.Errorf("got %+v, calls %q", got, f.calls)
	}
	if got := runWith(t.Context(), cfg, "net-edit", "passing"); got.status != 1 || got.err != "error: network 'passing' is transient, it has no stored definition\n" {
		t.Errorf("got %+v", got)
	}
}
