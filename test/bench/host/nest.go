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

// Flavour is a kind of nest.
type Flavour string

// The flavours.
const (
	Plain   Flavour = "plain"   // cgroup v2 as it is on the machine
	Libvirt Flavour = "libvirt" // its processes also have v1 cgroups of their own, which libvirt needs
)

// namePattern is the first part of a nest's name, with the id of the benchmark's process. The flavour
// follows.
const namePattern = "bench-%d-"

// Nest is one booted nest.
type Nest struct {
	Flavour Flavour

	script string // the rig's script
	state  string // the rig's RIG_STATE
	name   string
	v1     []string // the nest's v1 cgroups
}

// Rig makes nests.
type Rig struct {
	Script string // test/rig/nest
	State  string // the rig's RIG_STATE
}

// Options are the options of a nest. The zero value makes a plain one.
type Options struct {
	Flavour Flavour
	Tree    string // a directory whose files are copied into the nest's root before it boots; may be empty
}

// Boot boots a nest. If that fails, it leaves nothing of the nest.
func (r Rig) Boot(ctx context.Context, o Options) (*Nest, error) {
	n, err := r.nest(fmt.Sprintf(namePattern, os.Getpid()) + string(o.Flavour))
	if err != nil {
		return nil, err
	}
	n.Flavour = o.Flavour
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

// up runs the rig's script in the nest's v1 cgroups: they become the roots of the nest's cgroup
// namespace (cgroup_namespaces(7)). It takes half a second and cannot be interrupted, because a nest
// that is only half up is hard to take down.
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

// prepare sets a command's state directory, and gives it a process group of its own: Ctrl-C must not
// interrupt the rig's script. The benchmark itself takes the nest down.
func (n *Nest) prepare(cmd *exec.Cmd) {
	cmd.Env = append(os.Environ(), "RIG_STATE="+n.state)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// Out returns the directory that the nest sees as /run/nest/out.
func (n *Nest) Out() string { return filepath.Join(n.state, n.name, "out") }

// Command returns a command that runs inside the nest, in a service of the nest's own systemd. A process
// that only enters the nest's namespaces is outside its cgroup tree, and its containers would be too.
func (n *Nest) Command(unit string, argv ...string) *exec.Cmd {
	inside := []string{
		"exec", n.name, "systemd-run", "--quiet", "--pipe", "--wait", "--collect",
		"--unit=" + unit, "--property=Delegate=yes", "--property=KillMode=process",
	}
	cmd := exec.Command(n.script, append(inside, argv...)...)
	n.prepare(cmd)
	return cmd
}

// Down ends the nest and removes its cgroups. It takes no context, because it must run after the end of
// every context.
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
