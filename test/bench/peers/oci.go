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
	systemd bool // systemd makes the control groups (--systemd-cgroup)
	roots   Roots
	start   func(*exec.Cmd) error
	close   func()
}

func newOCI(program string, roots Roots, systemd bool) *oci {
	return &oci{program: program, systemd: systemd, roots: roots, start: (*exec.Cmd).Start, close: func() {}}
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
	if o.systemd {
		about.Note += "; --systemd-cgroup: a scope each"
	}
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
	dir := o.dir(id)
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
	spec, err = adaptSpec(spec, o.roots.Root(id), o.group(id))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, spec, 0o600)
}

// dir returns a container's bundle.
func (o *oci) dir(id int) string {
	if o.systemd {
		return filepath.Join(o.roots.Work(o.program+"-systemd"), name(id))
	}
	return filepath.Join(o.roots.Work(o.program), name(id))
}

// group returns the cgroupsPath of a container, or "" for the program's default. For systemd it has three parts: the
// slice, and the two parts of the scope's name.
func (o *oci) group(id int) string {
	if !o.systemd {
		return ""
	}
	return "machine.slice:" + o.program + ":" + name(id)
}

// adaptSpec sets the root, the init, the shared network and the control group in an OCI runtime configuration. An empty
// control group is the runtime's default.
func adaptSpec(spec []byte, root, group string) ([]byte, error) {
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

	if group != "" {
		text, err := json.Marshal(group)
		if err != nil {
			return nil, err
		}
		linux["cgroupsPath"] = text
	}
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

func (o *oci) log(id int) string { return filepath.Join(o.dir(id), "log") }

// command returns the program with its arguments.
func (o *oci) command(args ...string) []string {
	argv := []string{o.program}
	if o.systemd {
		argv = append(argv, "--systemd-cgroup")
	}
	return append(argv, args...)
}

func (o *oci) Start(ctx context.Context, id int) error {
	return loggedBy(ctx, o.start, o.log(id), o.command("run", "-d", "--bundle", o.dir(id), name(id))...)
}

func (o *oci) Stop(ctx context.Context, id int) error {
	return logged(ctx, o.log(id), o.command("delete", "-f", name(id))...)
}

func (o *oci) Exec(ctx context.Context, id int, argv []string) error {
	return logged(ctx, o.log(id), slices.Concat(o.command("exec", name(id)), argv)...)
}

func (o *oci) Explain(id int) string { return tail(o.log(id)) }

func (o *oci) Close() error {
	o.close()
	return nil
}
