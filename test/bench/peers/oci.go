package peers

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// oci is runc or crun. It starts a bundle with `run -d`, executes with `exec`, and stops with `delete -f`.
type oci struct {
	program string
	roots   Roots
	start   func(*exec.Cmd) error
	close   func()
}

func newOCI(program string, roots Roots) *oci {
	return &oci{program: program, roots: roots, start: (*exec.Cmd).Start, close: func() {}}
}

func (o *oci) Prepare(ctx context.Context, count int) (About, error) {
	version, err := run(ctx, o.program, "--version")
	if err != nil {
		return About{}, err
	}
	for id := range count {
		if err := o.bundle(ctx, id); err != nil {
			return About{}, fmt.Errorf("bundle %d: %w", id, err)
		}
	}
	about := About{Version: strings.Replace(firstLine(version), " version", "", 1), Note: "run -d, delete -f, exec; its default spec; not registered"}
	if o.program == "crun" && !mayRaiseMemlock() {
		launch, err := newMemlockLauncher()
		if err != nil {
			return About{}, fmt.Errorf("crun raises RLIMIT_MEMLOCK, which this machine does not allow: %w", err)
		}
		o.start, o.close = launch.Start, launch.Close
		about.Note += "; a seccomp filter answers its setrlimit(RLIMIT_MEMLOCK), since CAP_SYS_RESOURCE is missing"
	}
	return about, nil
}

// bundle writes the program's own default configuration. It changes only what is the same for all peers.
func (o *oci) bundle(ctx context.Context, id int) error {
	dir := filepath.Join(o.roots.Work(o.program), name(id))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(dir, "config.json")
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	if _, err := run(ctx, o.program, "spec", "--bundle", dir); err != nil {
		return err
	}
	spec, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	spec, err = adaptSpec(spec, o.roots.Root(id))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, spec, 0o600)
}

// adaptSpec sets the root, the init and the shared network in an OCI runtime configuration.
func adaptSpec(spec []byte, root string) ([]byte, error) {
	var config map[string]json.RawMessage
	if err := json.Unmarshal(spec, &config); err != nil {
		return nil, err
	}
	var process, linux map[string]json.RawMessage
	if err := json.Unmarshal(config["process"], &process); err != nil {
		return nil, fmt.Errorf("process: %w", err)
	}
	if err := json.Unmarshal(config["linux"], &linux); err != nil {
		return nil, fmt.Errorf("linux: %w", err)
	}
	var namespaces []map[string]string
	if err := json.Unmarshal(linux["namespaces"], &namespaces); err != nil {
		return nil, fmt.Errorf("namespaces: %w", err)
	}
	namespaces = slices.DeleteFunc(namespaces, func(n map[string]string) bool { return n["type"] == "network" })

	set := func(object map[string]json.RawMessage, key string, value any) error {
		text, err := json.Marshal(value)
		object[key] = text
		return err
	}
	for _, change := range []struct {
		object map[string]json.RawMessage
		key    string
		value  any
	}{
		{process, "terminal", false},
		{process, "args", []string{"/tinit"}},
		{linux, "namespaces", namespaces},
		{config, "process", process},
		{config, "linux", linux},
		{config, "root", map[string]string{"path": root}},
	} {
		if err := set(change.object, change.key, change.value); err != nil {
			return nil, fmt.Errorf("%s: %w", change.key, err)
		}
	}
	return json.Marshal(config)
}

func (o *oci) log(id int) string { return filepath.Join(o.roots.Work(o.program), name(id), "log") }

func (o *oci) Start(ctx context.Context, id int) error {
	bundle := filepath.Join(o.roots.Work(o.program), name(id))
	return loggedBy(ctx, o.start, o.log(id), o.program, "run", "-d", "--bundle", bundle, name(id))
}

func (o *oci) Stop(ctx context.Context, id int) error {
	return logged(ctx, o.log(id), o.program, "delete", "-f", name(id))
}

func (o *oci) Exec(ctx context.Context, id int, argv []string) error {
	return logged(ctx, o.log(id), slices.Concat([]string{o.program, "exec", name(id)}, argv)...)
}

func (o *oci) Explain(id int) string { return tail(o.log(id)) }

func (o *oci) Close() error {
	o.close()
	return nil
}
