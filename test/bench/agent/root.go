package agent

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Tinit is the path, inside a nest, of the program that is every container's init.
const Tinit = "/run/nest/out/tinit"

// Init is the program in the containers that is executed as init.
const Init = "/tinit"

// nothing returns the command that is executed in the containers. It exits with 0 at once.
func nothing() []string { return []string{Init, "exit"} }

// makeRoot makes one container's root directory. It has busybox, tinit and its pipe, and the mount
// points that some manager needs. It has /usr because systemd-nspawn refuses a root without it.
func makeRoot(dir string) (*stamp, error) {
	for _, each := range []string{
		"bin", "dev", "etc", "proc", "root", "run", "sbin", "sys", "tmp", "usr/bin", "usr/lib", "var",
	} {
		if err := os.MkdirAll(filepath.Join(dir, each), 0o755); err != nil {
			return nil, err
		}
	}
	if err := copyFile("/bin/busybox", filepath.Join(dir, "bin/busybox")); err != nil {
		return nil, err
	}
	if err := copyFile(Tinit, filepath.Join(dir, Init)); err != nil {
		return nil, err
	}
	for _, applet := range []string{"bin/sh", "bin/ls", "bin/cat"} {
		if err := os.Symlink("/bin/busybox", filepath.Join(dir, applet)); err != nil {
			return nil, err
		}
	}
	return newStamp(filepath.Join(dir, "stamp"))
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return fmt.Errorf("copy %s to %s: %w", from, to, err)
	}
	return out.Close()
}
