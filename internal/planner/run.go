package planner

import (
	"strings"

	"github.com/berthd/berth/internal/plan"
)

// runMounts returns /run and /run/host of systemd's container interface
// (https://systemd.io/CONTAINER_INTERFACE/). /run is mounted for the sake of /run/host: if /run is
// not a mount point, systemd as init mounts a tmpfs there, which would hide /run/host.
// systemd-nspawn mounts both too. /run has the options that systemd itself would choose. Both are
// optional, so that a read-only root without /run does not fail the start.
func runMounts(p *plan.Plan, h Host) []plan.Mount {
	var files []plan.File
	add := func(name, text string) {
		if text != "" {
			files = append(files, plan.File{Name: name, Mode: 0o444, Content: strings.TrimSuffix(text, "\n") + "\n"})
		}
	}
	add("container-manager", variable(p.Init.Env, "container"))
	add("container-uuid", variable(p.Init.Env, "container_uuid"))
	add("os-release", h.OSRelease)
	return []plan.Mount{
		{
			Kind: plan.MountNew, Target: "/run", Type: "tmpfs", NoSUID: true, NoDev: true, Optional: true,
			Options: []plan.Option{{Key: "mode", Value: "755"}, {Key: "size", Value: "20%"}, {Key: "nr_inodes", Value: "800k"}},
		},
		{
			Kind: plan.MountNew, Target: "/run/host", Type: "tmpfs", ReadOnly: true, NoSUID: true, NoDev: true, NoExec: true, Optional: true,
			Options: []plan.Option{{Key: "mode", Value: "755"}}, Files: files,
		},
	}
}

// variable returns the value of a variable of env, or "" if env does not have it.
func variable(env []string, name string) string {
	for _, e := range env {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}
