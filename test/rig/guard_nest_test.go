//go:build nest

package rig

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestGuardedMainEnds: a package that is run alone has a guard of its own, and leaves nothing at all, however
// it is ended.
func TestGuardedMainEnds(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, signal := range interruptions {
		t.Run(name, func(t *testing.T) { guardedMainEnds(t, signal, self) })
	}
	t.Run("parent killed", func(t *testing.T) { guardedMainEnds(t, syscall.SIGKILL, "sh", "-c", "'"+self+"' & wait") })
}

func guardedMainEnds(t *testing.T, signal syscall.Signal, command ...string) {
	tmp := t.TempDir()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), childEnv+"=1", guardMarker+"=", "TMPDIR="+tmp)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// The guard shows its directory as TMPDIR to the package.
	inside := appears(t, tmp+"/berth-run-*/*/berth-rig-*/state/run*/out/inside")
	run, _, _ := strings.Cut(strings.TrimPrefix(inside, tmp+"/"), "/")
	group := filepath.Join(cgroup2(t), run)
	if !exists(group) {
		t.Errorf("%s is not there while it runs", group)
	}
	end(t, cmd, signal)
	eventually(t, func() error {
		left, err := filepath.Glob(tmp + "/*")
		if exists(group) {
			left = append(left, group)
		}
		if len(left) > 0 {
			err = errors.New(strings.Join(left, "\n"))
		}
		return err
	})
}
