// Package guest makes the roots of test containers that are more than a shell, and reads what they left.
package guest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Systemd makes a root for systemd as init, in an empty directory. It needs the host's /usr, mounted read-only. Its
// journal is kept.
func Systemd(root string) error {
	for _, dir := range []string{"usr", "etc", "proc", "sys", "dev", "run", "tmp", "var/log/journal", "root"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return err
		}
	}
	for _, link := range []string{"bin", "sbin", "lib", "lib64"} {
		if err := os.Symlink("usr/"+link, filepath.Join(root, link)); err != nil {
			return err
		}
	}
	// journald needs it for the name of its directory, and systemd for its first boot.
	const id = "5d0b2c9e5a3f4f0e8d3c1b2a49586776\n"
	return os.WriteFile(filepath.Join(root, "etc/machine-id"), []byte(id), 0o644)
}

// Journal returns the journal of a root that Systemd made, once journald has opened it.
func Journal(root string) string {
	return filepath.Join(root, "var/log/journal/5d0b2c9e5a3f4f0e8d3c1b2a49586776/system.journal")
}

// CleanEnd returns an error unless a guest's journal shows an orderly end of its latest life: systemd began to shut
// down, journald stopped by itself, and closed the file.
func CleanEnd(journal string) error {
	header, err := exec.Command("journalctl", "--header", "--file", journal).CombinedOutput()
	if err != nil {
		return fmt.Errorf("journalctl: %w: %s", err, header)
	}
	if !strings.Contains(string(header), "State: OFFLINE") {
		return errors.New("journald did not close its journal")
	}
	text, err := exec.Command("journalctl", "--quiet", "-o", "cat", "--file", journal).CombinedOutput()
	if err != nil {
		return fmt.Errorf("journalctl: %w: %s", err, text)
	}
	_, life, begun := strings.Cut(string(text), "Journal started")
	switch {
	case !begun:
		return fmt.Errorf("the journal has no beginning:\n%s", text)
	case !strings.HasSuffix(strings.TrimSpace(life), "Journal stopped"):
		return fmt.Errorf("the journal does not end in order:\n%s", life)
	case strings.Contains(life, "SIGKILL") || strings.Contains(life, "uncleanly shut down"):
		return fmt.Errorf("something was killed:\n%s", life)
	}
	return nil
}

// Lives returns how many lives of a guest its journal has. It returns an error if one of them did not end in order.
func Lives(journal string) (int, error) {
	text, err := exec.Command("journalctl", "--quiet", "-o", "cat", "--file", journal).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("journalctl: %w: %s", err, text)
	}
	begun, ended := strings.Count(string(text), "Journal started"), strings.Count(string(text), "Journal stopped")
	if begun != ended {
		return 0, fmt.Errorf("%d lives began and %d ended in order:\n%s", begun, ended, text)
	}
	return begun, nil
}
