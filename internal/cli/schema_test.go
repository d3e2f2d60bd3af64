package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/client"
)

// altered runs a command in another environment.
func altered(t *testing.T, f *fake, change func(*Config), args ...string) outcome {
	t.Helper()
	cfg := config(f)
	change(&cfg)
	return runWith(t.Context(), cfg, args...)
}

// TestWithoutBerth: Berth's own elements are left out of what libvirt's schema sees, all lines stay where they are, and
// a text that is no XML stays as it is.
func TestWithoutBerth(t *testing.T) {
	t.Parallel()
	const ns = "xmlns:b='urn:berth:container:1'"
	for text, want := range map[string]string{
		"<domain " + ns + "><a/>\n<b:container>\n<b:idle/>\n</b:container>\n<c/></domain>":  "<domain " + ns + "><a/>\n\n\n\n<c/></domain>",
		"<a><container xmlns='urn:berth:container:1'><x/></container><b:c " + ns + "/></a>": "<a></a>",
		"<a><b:c xmlns:b='urn:other'/><!-- <b:x/> --></a>":                                  "<a><b:c xmlns:b='urn:other'/><!-- <b:x/> --></a>",
		"<a><b": "<a><b",
		"<a " + ns + "><b:c><b:d/><e/></b:c>f</a>": "<a " + ns + ">f</a>",
	} {
		if got := withoutBerth(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// FuzzWithoutBerth: whatever the text, it keeps its lines, and what is left has none of Berth's elements.
func FuzzWithoutBerth(f *testing.F) {
	for _, seed := range []string{"<a xmlns:b='urn:berth:container:1'><b:c>\n<d/></b:c></a>", "<a><c xmlns='urn:berth:container:1'/></a>", "<a", "<b:c/>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := withoutBerth(text)
		if strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Errorf("%q becomes %q", text, got)
		}
		if again := withoutBerth(got); again != got {
			t.Errorf("%q becomes %q, and that %q", text, got, again)
		}
	})
}

// TestSchemaFaults: the messages of xmllint become mistakes with their lines; what else it says does not.
func TestSchemaFaults(t *testing.T) {
	t.Parallel()
	said := "-:6: element nosuch: Relax-NG validity error : Element domain has extra content: nosuch\n" +
		"-:9: parser error : Premature end of data in tag domain line 1\n" +
		"/usr/share/x.rng:3: element grammar: Relax-NG parser error : bad\n- fails to validate\n"
	want := []client.Fault{
		{Kind: "schema", Line: 6, Text: "Element domain has extra content: nosuch"},
		{Kind: "schema", Line: 9, Text: "Premature end of data in tag domain line 1"},
	}
	if diff := cmp.Diff(want, schemaFaults(said)); diff != "" {
		t.Error(diff)
	}
}

// TestNoSchema: a host without libvirt's schema is told by ErrNoSchema and the name of the file.
func TestNoSchema(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "domain.rng")
	_, err := CheckSchema(file)(t.Context(), "<domain/>")
	if !errors.Is(err, ErrNoSchema) || !strings.Contains(err.Error(), file) {
		t.Error(err)
	}
}

// TestSchemaTool: what xmllint finds is returned, and a schema that it cannot read is an error and not a mistake of the
// text.
func TestSchemaTool(t *testing.T) {
	dir := t.TempDir()
	schema := filepath.Join(dir, "domain.rng")
	tool := func(script string) {
		for file, text := range map[string]string{schema: "", filepath.Join(dir, "xmllint"): "#!/bin/sh\n" + script + "\n"} {
			if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("PATH", dir)
	check := CheckSchema(schema)
	tool(`read line; echo "-:1: element a: Relax-NG validity error : got $line and $5" >&2; exit 3`)
	list, err := check(t.Context(), "<a/>")
	if err != nil || len(list) != 1 || list[0].Text != "got <a/> and -" {
		t.Errorf("%v, %v", list, err)
	}
	tool("exit 0")
	if list, err = check(t.Context(), "<a/>"); err != nil || list != nil {
		t.Errorf("%v, %v", list, err)
	}
	tool(`echo "domain.rng:1: parser error : Document is empty" >&2; exit 5`)
	if list, err = check(t.Context(), "<a/>"); err == nil || errors.Is(err, ErrNoSchema) || list != nil || !strings.Contains(err.Error(), "Document is empty") {
		t.Errorf("%v, %v", list, err)
	}
	if err := os.Remove(filepath.Join(dir, "xmllint")); err != nil {
		t.Fatal(err)
	}
	if _, err = check(t.Context(), "<a/>"); !errors.Is(err, ErrNoSchema) || !strings.Contains(err.Error(), "libxml2-utils") {
		t.Error(err)
	}
}

// TestValidateOption: define and create with --validate store nothing that is against libvirt's schema, and say where;
// without a schema they say so and go on. validate prints it with the other mistakes.
func TestValidateOption(t *testing.T) {
	t.Parallel()
	against := func(context.Context, string) ([]client.Fault, error) {
		return []client.Fault{{Kind: "schema", Line: 3, Text: "Element domain has extra content: nosuch"}}, nil
	}
	missing := func(context.Context, string) ([]client.Fault, error) {
		return nil, fmt.Errorf("%w: there is no x", ErrNoSchema)
	}
	broken := func(context.Context, string) ([]client.Fault, error) { return nil, errors.New("xmllint: it is ill") }
	const words = "error: XML document failed to validate against schema: -:3: Element domain has extra content: nosuch\n"
	for _, tc := range []struct {
		check  func(context.Context, string) ([]client.Fault, error)
		args   []string
		want   outcome
		called bool
	}{
		{against, []string{"define", "-", "--validate"}, outcome{"", words, 1}, false},
		{against, []string{"create", "-", "--validate"}, outcome{"", words, 1}, false},
		{against, []string{"define", "-"}, outcome{"Domain 'web' defined from -\n", "", 0}, true},
		{against, []string{"validate", "-"}, outcome{"-:3: Element domain has extra content: nosuch\n", "", 1}, true},
		{missing, []string{"define", "-", "--validate"}, outcome{"Domain 'web' defined from -\n", "warning: -: not compared with libvirt's schema: " + ErrNoSchema.Error() + ": there is no x\n", 0}, true},
		{broken, []string{"define", "-", "--validate"}, outcome{"", "error: xmllint: it is ill\n", 1}, false},
	} {
		f := fleet()
		got := altered(t, f, func(c *Config) { c.CheckSchema = tc.check }, tc.args...)
		if got != tc.want || tc.called != (len(f.calls) > 0) {
			t.Errorf("%v: %+v, want %+v; %v", tc.args, got, tc.want, f.calls)
		}
	}
}

// TestWithoutEffect: define, create, edit, attach-device and validate print one warning that names all that is kept and
// has no effect; an older berthd, which cannot say it, spoils nothing.
func TestWithoutEffect(t *testing.T) {
	t.Parallel()
	const idle, device = "<domain>\n<pm/>\n<devices><rng/></devices></domain>", "<disk><boot order='1'/></disk>"
	const words = ": kept, and without effect in a container, as with libvirt: "
	for _, tc := range []struct{ text, args, want string }{
		{idle, "define -", "warning: -" + words + "pm, devices/rng\n"},
		{idle, "-q create -", "warning: -" + words + "pm, devices/rng\n"},
		{idle, "validate -", "warning: -" + words + "pm, devices/rng\n"},
		{device, "attach-device web - --live", "warning: -" + words + "disk/boot\n"},
		{device, "update-device web - --live", "warning: -" + words + "disk/boot\n"},
		{device, "detach-device web - --live", ""},
		{"<domain/>", "define -", ""},
	} {
		f := fleet()
		got := altered(t, f, func(c *Config) { c.In = strings.NewReader(tc.text) }, strings.Fields(tc.args)...)
		if got.err != tc.want || got.status != 0 {
			t.Errorf("%s: %+v, want %q", tc.args, got, tc.want)
		}
	}
	f := fleet()
	f.older = true
	if got := altered(t, f, func(c *Config) { c.In = strings.NewReader(idle) }, "define", "-"); got.err != "" || got.status != 0 {
		t.Errorf("an older berthd: %+v", got)
	}
	if got := altered(t, fleet(), func(c *Config) { c.In = strings.NewReader(idle) }, "validate", "-", "--json"); got.status != 0 || !strings.Contains(got.out, `"kind": "warning"`) || !strings.Contains(got.out, `"line": 3`) {
		t.Errorf("%+v", got)
	}
}
