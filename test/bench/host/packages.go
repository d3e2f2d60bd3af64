package host

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// Missing returns those of the Debian packages that are not installed.
func Missing(ctx context.Context, packages []string) []string {
	var missing []string
	for _, each := range packages {
		status, err := exec.CommandContext(ctx, "dpkg-query", "-W", "-f", "${db:Status-Status}", each).Output()
		if err != nil || strings.TrimSpace(string(status)) != "installed" {
			missing = append(missing, each)
		}
	}
	return missing
}

// Install runs the repository's script that installs the benchmark's packages.
func Install(ctx context.Context, log io.Writer) error {
	cmd := exec.CommandContext(ctx, "test/deps", "bench")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("test/deps bench: %w", err)
	}
	return nil
}
