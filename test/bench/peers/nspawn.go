package peers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// nspawnStop is a way to stop a running systemd-nspawn.
type nspawnStop int

const (
	terminateBySignal   nspawnStop = iota // SIGTERM to systemd-nspawn
	terminateByMachined                   // machinectl terminate
)

// nspawn is systemd-nspawn, registered with systemd-machined. It stays in the foreground, one
// process for each container.
type nspawn struct {
	roots Roots
	stop  nspawnStop
	more  []string // arguments

	mu      sync.Mutex
	running map[int]*nspawned
}

// nspawned is one running systemd-nspawn. done is closed when the process has ended.
type nspawned struct {
	cmd  *exec.Cmd
	done chan struct{}
}

func newNspawn(roots Roots, stop nspawnStop, more ...string) *nspawn {
	return &nspawn{roots: roots, stop: stop, more: more, running: make(map[int]*nspawned)}
}

func (n *nspawn) Prepare(ctx context.Context, _ int) (About, error) {
	text, err := run(ctx, "systemd-nspawn", "--version")
	if err != nil {
		return About{}, err
	}
	version, _, _ := strings.Cut(text, " (")
	if err := os.MkdirAll(n.roots.Work("nspawn"), 0o700); err != nil {
		return About{}, err
	}
	about := About{
		Version:    version,
		Note:       "registered; stop is SIGTERM to systemd-nspawn until it is gone; no exec: systemd-run -M and machinectl shell need systemd as init",
		Foreground: true,
		Programs:   []string{"systemd-nspawn"},
	}
	if n.stop == terminateByMachined {
		about.Note = "registered; stop is `machinectl terminate` until systemd-nspawn is gone"
	}
	return about, nil
}

func (n *nspawn) log(id int) string {
	return filepath.Join(n.roots.Work("nspawn"), strconv.Itoa(id)+".log")
}

func (n *nspawn) Start(_ context.Context, id int) error {
	log, err := openLog(n.log(id))
	if err != nil {
		return err
	}
	defer log.Close()
	args := slices.Concat([]string{
		"--quiet", "--register=yes", "--console=pipe", "--settings=no",
		"--link-journal=no", "--resolv-conf=off", "--timezone=off",
	}, n.more, []string{"--machine=" + name(id), "--directory=" + n.roots.Root(id), "/tinit"})
	cmd := exec.Command("systemd-nspawn", args...)
	// A root without systemd looks to systemd-nspawn as if it needed cgroup v1. It would mount v1
	// hierarchies, and leave a cgroup in the machine's own hierarchy name=systemd.
	cmd.Env = append(os.Environ(), "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	child := &nspawned{cmd: cmd, done: make(chan struct{})}
	n.mu.Lock()
	n.running[id] = child
	n.mu.Unlock()
	go func() {
		// The exit status is that of a killed container. Only the end matters.
		_ = cmd.Wait()
		close(child.done)
	}()
	return nil
}

func (n *nspawn) Stop(ctx context.Context, id int) error {
	n.mu.Lock()
	child := n.running[id]
	delete(n.running, id)
	n.mu.Unlock()
	if child == nil {
		return fmt.Errorf("stop %s: not started", name(id))
	}
	var err error
	if n.stop == terminateByMachined {
		err = exec.CommandContext(ctx, "machinectl", "terminate", name(id)).Run()
	} else {
		err = child.cmd.Process.Signal(syscall.SIGTERM)
	}
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return errors.Join(fmt.Errorf("stop %s: %w", name(id), err), child.cmd.Process.Kill())
	}
	select {
	case <-child.done:
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("stop %s: %w", name(id), ctx.Err()), child.cmd.Process.Kill())
	}
}

func (n *nspawn) Explain(id int) string { return tail(n.log(id)) }

func (n *nspawn) Close() error { return nil }
