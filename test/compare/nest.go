package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// where the documents are in the host, which has /tmp to itself
const inHost = "/usr/share/berth-compare"

// ask boots a throw-away host with libvirt and Berth, and has the documents answered there.
func ask(ctx context.Context, o options, docs []*document) (v versions, err error) {
	if _, err := os.Stat(o.libvirt + "/usr/sbin/libvirtd"); err != nil {
		return v, fmt.Errorf("libvirt is not unpacked, make compare-libvirt does it: %w", err)
	}
	dir, err := os.MkdirTemp("", "berth-compare-")
	if err != nil {
		return v, err
	}
	defer os.RemoveAll(dir)
	tree := filepath.Join(dir, "tree")
	if err := stage(ctx, o, tree, docs); err != nil {
		return v, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(o.top, "test/rig/nest"), "run", "--tree", o.libvirt, "--tree", tree,
		inHost+"/compare", "-inside", inHost+"/documents")
	cmd.Env = append(os.Environ(), "RIG_STATE="+filepath.Join(dir, "nests"))
	cmd.Stderr = os.Stderr
	// The script takes the host down, also when it is interrupted.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	out, err := cmd.Output()
	if err != nil {
		return v, fmt.Errorf("in the nest: %w", err)
	}
	var all replies
	if err := json.Unmarshal(out, &all); err != nil {
		return v, fmt.Errorf("in the nest: %w: %.500s", err, out)
	}
	for _, d := range docs {
		r, ok := all.Documents[d.Name]
		if !ok {
			return v, fmt.Errorf("%s was not answered", d.Name)
		}
		d.libvirt, d.berth = r.Libvirt, r.Berth
	}
	return all.Versions, nil
}

// stage makes the files that the host gets: Berth, this program, and the documents.
func stage(ctx context.Context, o options, tree string, docs []*document) error {
	install := exec.CommandContext(ctx, "make", "--no-print-directory", "--silent", "-C", o.top, "install", "DESTDIR="+tree, "PREFIX=/usr")
	// Otherwise make would look for the job server of the make that runs this.
	install.Env = append(os.Environ(), "MAKEFLAGS=", "MFLAGS=")
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("make install: %w: %s", err, out)
	}
	for _, d := range docs {
		file := filepath.Join(tree, inHost, "documents", d.Name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(d.text), 0o600); err != nil {
			return err
		}
	}
	if err := os.CopyFS(filepath.Join(tree, "usr/share"), os.DirFS(filepath.Join(o.top, included))); err != nil {
		return err
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(tree, inHost, "compare"), self, 0o755)
}
