package host

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Output copies this program into the nest, runs it there with some arguments, and returns what it prints.
func (n *Nest) Output(ctx context.Context, args ...string) ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if err := CopyExecutable(self, filepath.Join(n.Out(), "bench")); err != nil {
		return nil, err
	}
	cmd := n.Command("bench-"+args[0], append([]string{"/run/nest/out/bench"}, args...)...)
	cmd.Stderr = os.Stderr
	// The whole process group: children of the rig's script hold our pipes open. The end of the nest ends the rest.
	stop := context.AfterFunc(ctx, func() {
		if cmd.Process != nil {
			_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
		}
	})
	defer stop()
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("bench %s in %s: %w", args[0], n.name, err)
	}
	return out, nil
}
