package planner

import (
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

func initOf(d *domain.Def, h Host) plan.Init {
	i := plan.Init{
		Path:  d.OS.Init,
		Args:  append([]string{d.OS.Init}, d.OS.Args...),
		Env:   environment(d, h),
		Dir:   d.OS.Dir,
		User:  d.OS.User,
		Group: d.OS.Group,
	}
	if i.Dir == "" {
		i.Dir = "/"
	}
	return i
}

// environment returns the variables of libvirt's LXC driver page, in its order
// (https://libvirt.org/drvlxc.html). An <initenv> replaces a variable of the same name in its place.
func environment(d *domain.Def, h Host) []string {
	env := []domain.EnvVar{
		{Name: "PATH", Value: h.Path},
		{Name: "TERM", Value: "linux"},
		{Name: "container", Value: h.ContainerEnv},
		{Name: "HOME", Value: "/"},
		{Name: "container_uuid", Value: d.UUID.String()},
	}
	// container_ttys names the terminals besides /dev/console (systemd's container interface).
	var ttys []string
	for i := 1; i < len(d.Consoles); i++ {
		ttys = append(ttys, "pts/"+strconv.Itoa(i))
	}
	if len(ttys) > 0 {
		env = append(env, domain.EnvVar{Name: "container_ttys", Value: strings.Join(ttys, " ")})
	}
	env = append(env,
		domain.EnvVar{Name: "LIBVIRT_LXC_UUID", Value: d.UUID.String()},
		domain.EnvVar{Name: "LIBVIRT_LXC_NAME", Value: d.Name})
	if d.OS.Cmdline != "" {
		env = append(env, domain.EnvVar{Name: "LIBVIRT_LXC_CMDLINE", Value: d.OS.Cmdline})
	}
	for _, own := range d.OS.Env {
		env = set(env, own)
	}
	out := make([]string, len(env))
	for i, e := range env {
		out[i] = e.Name + "=" + e.Value
	}
	return out
}

func set(env []domain.EnvVar, v domain.EnvVar) []domain.EnvVar {
	for i := range env {
		if env[i].Name == v.Name {
			env[i] = v
			return env
		}
	}
	return append(env, v)
}
