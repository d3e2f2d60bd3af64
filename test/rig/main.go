package rig

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// marker is set in the environment of a test binary that runs inside a nest or a virtual machine.
const marker = "BERTH_NEST"

// Options says what a test package needs in its host.
type Options struct {
	// VM runs the tests in a virtual machine (test/rig/vm) instead of a nest.
	VM bool
	// Root is a script of the repository that makes another host's root. The nest is over that instead of the
	// machine's own root. With --path the script says where the root is.
	Root string
	// Goldens says that the tests write their testdata anew with -update, below /run/nest/out.
	Goldens bool
	// Install runs `make install` into the host, and lifts berthd's start limit: tests kill it often.
	Install bool
	// Package adds the Debian package to Files, as bin/berth.deb.
	Package bool
	// Variants adds the programs that `make variants` builds to Files, below bin/.
	Variants bool
	// Files are files or directories that the tests read, relative to the top of the repository. Inside, the
	// tests find them by the same path relative to the package's directory, which is the working directory.
	// The package's own testdata is always there.
	Files []string
	// After looks at the host when all tests have run. What it returns is a failure.
	After func() error
	// Env lists the environment variables that the tests get from outside. They get no others but CI.
	Env []string
}

// Main is the body of a TestMain: os.Exit(rig.Main(m, rig.Options{…})). It returns the exit status.
func Main(m *testing.M, o Options) int {
	if os.Getenv(marker) != "" {
		code := m.Run()
		if o.After != nil {
			if err := o.After(); err != nil {
				fmt.Fprintf(os.Stderr, "rig: after the tests: %v\n", err)
				code = max(code, 1)
			}
		}
		if code != 0 {
			journal()
		}
		return code
	}
	did, code, err := guarded()
	if !did {
		code, err = outside(o)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "rig: %v\n", err)
		return max(code, 1)
	}
	return code
}

// journal prints the end of the host's journal, which goes away with the host.
func journal() {
	cmd := exec.Command("journalctl", "--no-pager", "--quiet", "--lines=200", "--output=short-monotonic")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "rig: journal: %v\n", err)
	}
}

// status returns a process's exit status, 1 if it was killed. It returns an error if it did not run.
func status(err error) (int, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit):
		return max(exit.ExitCode(), 1), nil
	}
	return 1, err
}
