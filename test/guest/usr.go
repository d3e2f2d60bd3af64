package guest

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Usr copies the part of the host's /usr that systemd needs as init into a directory. It is for a guest whose owners
// are mapped where the host's own /usr is on a file system that cannot do that.
func Usr(dir string) error {
	copied := []string{"/usr/lib/systemd"}
	for _, name := range []string{"cat", "dash", "journalctl", "kill", "mount", "sh", "sleep", "systemctl", "systemd-tmpfiles", "touch", "true", "umount"} {
		copied = append(copied, "/usr/bin/"+name)
	}
	own, err := filepath.Glob("/usr/lib/systemd/systemd*")
	if err != nil {
		return err
	}
	libraries, err := libraries(append(own, copied[1:]...))
	if err != nil {
		return err
	}
	for _, path := range append(copied, libraries...) {
		to := filepath.Join(dir, strings.TrimPrefix(path, "/usr"))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		args := []string{"-a", path, to}
		if path != copied[0] {
			args[0] = "-L" // a link's target may have another name
		}
		if out, err := exec.Command("cp", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("cp: %w: %s", err, out)
		}
	}
	return nil
}

// libraries returns the files that ldd(1) finds for programs, below /usr.
func libraries(programs []string) ([]string, error) {
	found := map[string]bool{}
	for _, program := range programs {
		out, err := exec.Command("ldd", program).CombinedOutput()
		if err != nil {
			if strings.Contains(string(out), "not a dynamic executable") {
				continue // a script
			}
			return nil, fmt.Errorf("ldd %s: %w: %s", program, err, out)
		}
		for word := range strings.FieldsSeq(string(out)) {
			if path, ok := strings.CutPrefix(word, "/"); ok {
				found["/usr/"+strings.TrimPrefix(path, "usr/")] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}
