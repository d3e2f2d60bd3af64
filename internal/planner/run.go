package planner

import (
	"strings"

	"github.com/berthd/berth/internal/plan"
)

// runMounts are the /run and /run/host of systemd's container interface
// (https://systemd.io/CONTAINER_INTERFACE/). The first is there for the second: systemd as init
// mounts a tmpfs of its own on a /run that is no mount point, which would hide /run/host. As
// systemd-nspawn does, and with the options with which systemd mounts it itself. Neither is worth a failed
// start where a read-only root has no /run.
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

// variable is the value that an environment gives a name, "" without one.
func variable(env []string, name string) string {
	for _, e := range env {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}
