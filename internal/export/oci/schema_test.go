package oci

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schema returns what checks a configuration by the JSON schema that the specification has.
func schema(t *testing.T) func(t *testing.T, config []byte) {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/opencontainers/runtime-spec").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "schema", "*.json"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files of the schema, %v", len(files), err)
	}
	const base = "https://schema/"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.ReplaceAll(text, []byte("#definitions"), []byte("#/definitions")) // a slip of the specification's
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(base+filepath.Base(file), doc); err != nil {
			t.Fatal(err)
		}
	}
	compiled, err := c.Compile(base + "config-schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, config []byte) {
		t.Helper()
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(config))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(doc); err != nil {
			t.Error(err)
		}
	}
}

// TestSchemaRefuses: what checks configurations finds a namespace that is unknown, and a mount without a place.
func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	valid := schema(t)
	for name, config := range map[string]string{
		"namespace": `{"ociVersion":"1.0.2","linux":{"namespaces":[{"type":"world"}]}}`,
		"mount":     `{"ociVersion":"1.0.2","mounts":[{"source":"x"}]}`,
	} {
		probe := &testing.T{}
		valid(probe, []byte(config))
		if !probe.Failed() {
			t.Errorf("%s: it passed", name)
		}
	}
}

// obeys checks what the specification says in words, and no schema can.
func obeys(t *testing.T, b *Bundle) {
	t.Helper()
	c := b.Config
	if len(c.Process.Args) == 0 || !filepath.IsAbs(c.Process.Args[0]) || !filepath.IsAbs(c.Process.Cwd) {
		t.Errorf("process: %q in %q", c.Process.Args, c.Process.Cwd)
	}
	for _, l := range c.Process.Rlimits {
		if l.Soft > l.Hard {
			t.Errorf("rlimit: %+v", l)
		}
	}
	has := func(kind specs.LinuxNamespaceType) bool {
		return slices.ContainsFunc(c.Linux.Namespaces, func(n specs.LinuxNamespace) bool { return n.Type == kind })
	}
	if (len(c.Linux.UIDMappings) > 0) != has(specs.UserNamespace) || c.Hostname != "" && !has(specs.UTSNamespace) {
		t.Errorf("namespaces: %+v, mappings %v, host name %q", c.Linux.Namespaces, c.Linux.UIDMappings, c.Hostname)
	}
	for _, m := range c.Mounts {
		if !filepath.IsAbs(m.Destination) {
			t.Errorf("mount: %+v", m)
		}
		own := slices.Contains(b.Directories, m.Source) || slices.ContainsFunc(slices.Collect(maps.Keys(b.Files)), func(f string) bool { return filepath.Dir(f) == m.Source })
		if m.Type == "bind" && !filepath.IsAbs(m.Source) && !own {
			t.Errorf("the bundle does not have the source of %+v", m)
		}
		if (len(m.UIDMappings) > 0) != (c.Version == versionIDMap && slices.Contains(m.Options, "idmap")) {
			t.Errorf("id map: %+v in version %s", m, c.Version)
		}
	}
	if !filepath.IsAbs(c.Root.Path) && !slices.Contains(b.Directories, c.Root.Path) {
		t.Errorf("root: %+v", c.Root)
	}
}
