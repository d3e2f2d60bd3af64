package host

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
)

// BuildTinit builds the containers' init. Package tinit describes the entry point.
func BuildTinit(ctx context.Context, path string) error {
	if runtime.GOARCH != "amd64" {
		return fmt.Errorf("build tinit: its entry point exists for amd64 only, and this is %s", runtime.GOARCH)
	}
	return build(ctx, "go", "build", "-trimpath", "-ldflags=-s -w -E=main.entry", "-o", path,
		"github.com/berthd/berth/test/bench/tinit")
}

// Stage installs Berth below a directory, which can be a nest's Tree.
func Stage(ctx context.Context, dir string) error {
	return build(ctx, "make", "--no-print-directory", "install", "DESTDIR="+dir, "PREFIX=/usr")
}

func build(ctx context.Context, argv ...string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	// Otherwise make would look for the job server of the make that runs this.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "MAKEFLAGS=", "MFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", argv[0], err, bytes.TrimSpace(out))
	}
	return nil
}

// CopyExecutable copies a program. A nest does not see every directory of the machine.
func CopyExecutable(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return fmt.Errorf("copy %s to %s: %w", from, to, err)
	}
	return out.Close()
}
