package peers

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

const controllersFile = "/sys/fs/cgroup/cgroup.controllers"

// prepareCgroups makes libvirt's LXC driver accept a nest without cgroup v2 controllers. It returns a
// note about the changes, or "" if the nest has controllers.
//
// A nest has none if they belong to the machine's v1 hierarchies. Then prepareCgroups mounts those in
// the nest beside v2: the nest's cgroup in each of them is the root that is seen here. It also mounts a
// file over cgroup.controllers that names one controller. libvirt then uses v2 for its unit and for
// devices, and v1 for the rest. That is as much work as on a real host.
func prepareCgroups(_ context.Context, roots Roots) (string, error) {
	have, err := os.ReadFile(controllersFile)
	if err != nil {
		return "", err
	}
	if len(bytes.TrimSpace(have)) > 0 {
		return "", nil
	}
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", err
	}
	hierarchies := v1Hierarchies(string(own))
	if len(hierarchies) == 0 {
		return "", fmt.Errorf("%s is empty and there is no cgroup v1 controller", controllersFile)
	}
	for _, controllers := range hierarchies {
		target := filepath.Join("/run/cg1", controllers)
		if err := os.MkdirAll(target, 0o755); err != nil {
			return "", err
		}
		if err := unix.Mount("cgroup", target, "cgroup", 0, controllers); err != nil {
			return "", fmt.Errorf("mount cgroup v1 %s on %s: %w", controllers, target, err)
		}
	}
	fake := filepath.Join(roots.State, "cgroup.controllers")
	if err := os.WriteFile(fake, []byte("hugetlb\n"), 0o644); err != nil {
		return "", err
	}
	if err := unix.Mount(fake, controllersFile, "", unix.MS_BIND, ""); err != nil {
		return "", fmt.Errorf("mount %s on %s: %w", fake, controllersFile, err)
	}
	return "; v1 controllers beside v2", nil
}

// v1Hierarchies returns the controllers of each v1 hierarchy in /proc/PID/cgroup.
func v1Hierarchies(cgroups string) []string {
	var found []string
	for line := range strings.Lines(cgroups) {
		_, rest, _ := strings.Cut(line, ":")
		controllers, _, ok := strings.Cut(rest, ":")
		if ok && controllers != "" && !strings.Contains(controllers, "=") {
			found = append(found, controllers)
		}
	}
	return found
}
