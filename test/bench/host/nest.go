package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Flavour is what a nest is good for.
type Flavour string

// The flavours.
const (
	Plain   Flavour = "plain"   // cgroup v2 as the machine gives it
	Libvirt Flavour = "libvirt" // its processes have v1 cgroups of their own, which libvirt needs
)

// namePattern is the first part of a nest's name: its process, then comes its flavour.
const namePattern = "bench-%d-"

// Nest is one booted nest.
type Nest struct {
	script string // the rig
	state  string // its RIG_STATE
	name   string
	v1     []string // the v1 cgroups made for it
}

// Rig is how nests are made.
type Rig struct {
	Script string // test/rig/nest
	State  string // its RIG_STATE
}

// Options of a nest. The zero value is a plain one.
type Options struct {
	Flavour Flavour
	Tree    string // a directory to lay over the nest's root before it boots, "" for none
}

// Boot boots a nest. Nothing of it is left when that fails.
func (r Rig) Boot(ctx context.Context, o Options) (*Nest, error) {
	n, err := r.nest(fmt.Sprintf(namePattern, os.Getpid()) + string(o.Flavour))
	if err != nil {
		return nil, err
	}
	if o.Flavour == Libvirt {
		if n.v1, err = makeV1(n.name); err != nil {
			return nil, errors.Join(err, n.Down())
		}
	}
	if err := errors.Join(n.up(o.Tree), ctx.Err()); err != nil {
		return nil, errors.Join(fmt.Errorf("boot nest %s: %w", n.name, err), n.Down())
	}
	return n, nil
}

func (r Rig) nest(name string) (*Nest, error) {
	script, err := filepath.Abs(r.Script)
	if err != nil {
		return nil, err
	}
	return &Nest{script: script, state: r.State, name: name}, nil
}

// up runs the rig, from within the nest's v1 cgroups: what a process's cgroup is when it makes a
// cgroup namespace is that namespace's root. It takes half a second and is not interrupted: a nest
// that is half up is hard to take down.
func (n *Nest) up(tree string) error {
	const join = `
		script=$1 name=$2 tree=$3
		shift 3
		for each; do echo $$ > "$each/cgroup.procs"; done
		exec "$script" up ${tree:+--tree "$tree"} "$name"`
	cmd := exec.Command("bash", append([]string{"-ec", join, "bash", n.script, n.name, tree}, n.v1...)...)
	n.prepare(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// prepare gives a rig command its state directory, and a process group of its own: Ctrl-C at the
// terminal must not end a nest half way, the benchmark takes it down in order.
func (n *Nest) prepare(cmd *exec.Cmd) {
	cmd.Env = append(os.Environ(), "RIG_STATE="+n.state)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// Out is the directory that the nest sees as /run/nest/out.
func (n *Nest) Out() string { return filepath.Join(n.state, n.name, "out") }

// Command is a command inside the nest, in a service of the nest's own systemd: a process that
// is only put into a nest's namespaces is outside of its cgroup tree, and so would be its containers.
func (n *Nest) Command(unit string, argv ...string) *exec.Cmd {
	inside := []string{
		"exec", n.name, "systemd-run", "--quiet", "--pipe", "--wait", "--collect",
		"--unit=" + unit, "--property=Delegate=yes", "--property=KillMode=process",
	}
	cmd := exec.Command(n.script, append(inside, argv...)...)
	n.prepare(cmd)
	return cmd
}

// Down ends the nest and removes its cgroups. It does not depend on a context: it is what has
// to happen when that is over.
func (n *Nest) Down() error {
	var errs []error
	if _, err := os.Stat(filepath.Join(n.state, n.name)); err == nil {
		cmd := exec.Command(n.script, "down", n.name)
		n.prepare(cmd)
		if out, err := cmd.CombinedOutput(); err != nil {
			errs = append(errs, fmt.Errorf("end nest %s: %w: %s", n.name, err, bytes.TrimSpace(out)))
		}
	}
	return errors.Join(append(errs, removeV1(n.v1))...)
}
