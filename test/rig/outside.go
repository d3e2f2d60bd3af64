package rig

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// inNest is the directory of the repository's files inside, below the host's root. binary is the test binary.
const (
	inNest = "usr/lib/berth-test/files"
	binary = "usr/lib/berth-test/binary"
)

// outside runs this test binary in a host of its own and checks the machine afterwards.
func outside(o Options) (code int, err error) {
	here, err := os.Getwd()
	if err != nil {
		return 1, err
	}
	top, err := repository(here)
	if err != nil {
		return 1, err
	}
	work, err := os.MkdirTemp("", "berth-rig-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()

	// From here on a signal ends the host first; Main's caller exits afterwards.
	told, stop, err := catchSignals()
	if err != nil {
		return 1, err
	}
	defer stop()

	tree := filepath.Join(work, "tree")
	inside, err := filepath.Rel(top, here)
	if err != nil {
		return 1, err
	}
	if err := stage(o, top, inside, tree); err != nil {
		return 1, err
	}
	before, err := observe()
	if err != nil {
		return 1, err
	}
	state := filepath.Join(work, "state")
	pid, code, err := inAHost(top, state, tree, inside, o, told)
	if err != nil {
		return code, err
	}
	after, err := observe()
	if err != nil {
		return code, err
	}
	if left := leftovers(before, after, state, fmt.Sprintf("run%d", pid)); len(left) > 0 {
		return code, fmt.Errorf("left on the machine:\n  %s", strings.Join(left, "\n  "))
	}
	return code, nil
}

// inAHost runs `nest run` or `vm run`. It returns that process's pid, which is in the host's name, and the exit
// status of the tests.
func inAHost(top, state, tree, inside string, o Options, told <-chan os.Signal) (pid, code int, err error) {
	args := []string{"run", "--tree", tree}
	more, err := options(top, inside, o)
	if err != nil {
		return 0, 1, err
	}
	args = append(args, more...)
	if o.Install {
		args = append(args, "--restarts", "berthd.service")
	}
	args = append(args, "env", "--chdir=/"+filepath.Join(inNest, inside), marker+"=1")
	for _, name := range append([]string{"CI"}, o.Env...) {
		args = append(args, name+"="+os.Getenv(name))
	}
	args = append(args, "/"+binary)
	for _, arg := range os.Args[1:] {
		// The go command wants this file for its cache of results. It does not exist inside.
		if !strings.HasPrefix(arg, "-test.testlogfile=") {
			args = append(args, arg)
		}
	}
	script := "test/rig/nest"
	if o.VM {
		script = "test/rig/vm/vm"
	}
	cmd := exec.Command(filepath.Join(top, script), args...)
	cmd.Env = append(os.Environ(), "RIG_STATE="+state)
	code, err = runCommand(cmd, told)
	if cmd.Process != nil {
		pid = cmd.Process.Pid
	}
	return pid, code, err
}

// options gives the options of the script nest for a root and for goldens.
func options(top, inside string, o Options) ([]string, error) {
	var args []string
	if o.Root != "" {
		script := filepath.Join(top, o.Root)
		root, err := exec.Command(script, "--path").Output()
		if err != nil {
			return nil, fmt.Errorf("%s --path: %w", script, err)
		}
		args = append(args, "--root", strings.TrimSpace(string(root)))
	}
	if o.Goldens && (slices.Contains(os.Args, "-update") || slices.Contains(os.Args, "-test.update")) {
		args = append(args, "--out", filepath.Join(top, inside, "testdata"))
	}
	return args, nil
}

// stage fills the tree that is copied over the host's root.
func stage(o Options, top, inside, tree string) error {
	if o.Install {
		if err := makeTarget(top, "install", "DESTDIR="+tree, "PREFIX=/usr", "SYSCONFDIR=/etc"); err != nil {
			return err
		}
	}
	if o.Variants {
		if err := makeTarget(top, "variants"); err != nil {
			return err
		}
		o.Files = append(slices.Clip(o.Files), "bin/berthd-faultpoint", "bin/tomorrow", "bin/dbus-broker.deb", "bin/example")
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir := filepath.Join(tree, inNest)
	if o.Package {
		if err := makeTarget(top, "deb", "DEB="+filepath.Join(dir, "bin/berth.deb")); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, inside), 0o755); err != nil {
		return err
	}
	if err := duplicate(self, filepath.Join(tree, binary)); err != nil {
		return err
	}
	files := o.Files
	if own := filepath.Join(inside, "testdata"); exists(filepath.Join(top, own)) {
		files = append(slices.Clip(files), own)
	}
	for _, file := range files {
		if err := duplicate(filepath.Join(top, file), filepath.Join(dir, file)); err != nil {
			return err
		}
	}
	return nil
}

// makeTarget runs make in the repository.
func makeTarget(top string, args ...string) error {
	cmd := exec.Command("make", append([]string{"--no-print-directory", "--silent", "-C", top}, args...)...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("make %s: %w", args[0], err)
	}
	return nil
}

// duplicate copies a file or a directory with its modes.
func duplicate(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("copy %s: %w: %s", from, err, out)
	}
	return nil
}

// repository returns the directory with go.mod, at or above dir. It returns an error if there is none.
func repository(dir string) (string, error) {
	for d := dir; ; d = filepath.Dir(d) {
		if exists(filepath.Join(d, "go.mod")) {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return "", fmt.Errorf("no go.mod above %s", dir)
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
