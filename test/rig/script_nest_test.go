//go:build nest

package rig

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// script is the script nest with a state directory of its own.
type script struct {
	state string
	nest  string // a name for a nest, of this test only
	nests *[]string
}

// newScript checks, when the test ends, that nothing is left of its nests.
func newScript(t *testing.T) script {
	t.Helper()
	s := script{state: filepath.Join(t.TempDir(), "state"), nest: fmt.Sprintf("%s-%d", t.Name(), os.Getpid())}
	s.nests = &[]string{s.nest}
	before, err := observe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		eventually(t, func() error {
			after, err := observe()
			if err != nil {
				return err
			}
			if left := leftovers(before, after, s.state, *s.nests...); len(left) > 0 {
				return fmt.Errorf("left:\n%s", strings.Join(left, "\n"))
			}
			return nil
		})
	})
	return s
}

func (s script) command(args ...string) *exec.Cmd {
	cmd := exec.Command("./nest", args...)
	cmd.Env = append(os.Environ(), "RIG_STATE="+s.state)
	return cmd
}

// output runs the script, which must succeed, and gives what it printed.
func (s script) output(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.command(args...).Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("nest %v: %v: %s", args, err, exit.Stderr)
		}
		t.Fatalf("nest %v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

// refused runs the script, which must fail with a message that has want in it.
func (s script) refused(t *testing.T, want string, args ...string) {
	t.Helper()
	out, err := s.command(args...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), want) {
		t.Errorf("nest %v: got %v, %q; want a failure with %q", args, err, out, want)
	}
}

// up boots nests; they end with the test.
func (s script) up(t *testing.T, options ...string) {
	t.Helper()
	s.output(t, slices.Concat([]string{"up"}, options, []string{s.nest})...)
	t.Cleanup(func() {
		if exists(filepath.Join(s.state, s.nest)) {
			s.output(t, "down", s.nest)
		}
	})
}

// start runs `nest run`, which the test is to interrupt.
func (s script) start(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := s.command(append([]string{"run"}, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	*s.nests = append(*s.nests, fmt.Sprintf("run%d", cmd.Process.Pid))
	return cmd
}

// eventually waits until a condition holds, two minutes at most.
func eventually(t *testing.T, condition func() error) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// appears waits for a file, by pattern, and gives its path.
func appears(t *testing.T, pattern string) string {
	t.Helper()
	var found []string
	eventually(t, func() (err error) {
		if found, err = filepath.Glob(pattern); err == nil && len(found) == 0 {
			err = fmt.Errorf("there is no %s", pattern)
		}
		return err
	})
	return found[0]
}
