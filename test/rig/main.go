package rig

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// marker is set, inside a nest or a machine, in the environment of a test binary.
const marker = "BERTH_NEST"

// Options says what a test package needs in its host.
type Options struct {
	// VM has the tests run in a virtual machine (test/rig/vm) instead of a nest.
	VM bool
	// Install puts a `make install` into the host, and lifts berthd's start limit,
	// since tests kill it often.
	Install bool
	// Variants puts the other versions of Berth into the host that `make variants` builds, below bin/ of Files.
	Variants bool
	// Files are files or directories of the repository that the tests read, relative to its top.
	// They are found inside by the same path relative to the package's directory, which is the
	// working directory; the package's own testdata always is.
	Files []string
	// Env are the names of variables that the tests have inside as outside; there is no other.
	Env []string
}

// Main is the body of a TestMain: os.Exit(rig.Main(m, rig.Options{…})).
func Main(m *testing.M, o Options) int {
	if os.Getenv(marker) != "" {
		code := m.Run()
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

// journal prints what the host's services said, since nothing else of it will be left.
func journal() {
	cmd := exec.Command("journalctl", "--no-pager", "--quiet", "--lines=200", "--output=short-monotonic")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Fprintf(os.Stderr, "rig: journal: %v\n", err)
	}
}

// status is a process's exit status, 1 when it was killed; err is nil when it ran at all.
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
