package oci

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// process converts init: its command, user, rights and limits.
func (c *conversion) process() error {
	p, d := c.Plan, c.Def
	init := &specs.Process{
		Terminal:        true, // init's is the first console
		Args:            slices.Clone(p.Init.Args),
		Env:             slices.Clone(p.Init.Env),
		Cwd:             p.Init.Dir,
		Capabilities:    capabilities(p.Caps),
		Rlimits:         limits(p),
		NoNewPrivileges: p.NoNewPrivs,
		OOMScoreAdj:     new(0),
	}
	umask := uint32(0o022)
	init.User.Umask = &umask
	if !strings.HasPrefix(p.Init.Path, "/") { // a runtime would look for it in PATH
		init.Args[0] = "/" + p.Init.Path
		c.warn("domain/os/init", "argv[0] of init is %s, not %s: a bundle has one word for both", init.Args[0], p.Init.Args[0])
	}
	if d.OS.User != "" || d.OS.Group != "" {
		a, err := c.host.Account(d.OS.User, d.OS.Group)
		if err != nil {
			element := "domain/os/inituser"
			if d.OS.User == "" {
				element = "domain/os/initgroup"
			}
			return fmt.Errorf("%s: a bundle has the user as a number, and the container's root does not tell it: %w; give numbers instead, such as +1000", element, err)
		}
		init.User.UID, init.User.GID, init.User.AdditionalGids = a.UID, a.GID, a.Groups
	}
	if p.Linux32 {
		c.config.Linux.Personality = &specs.LinuxPersonality{Domain: specs.PerLinux32}
	}
	c.told(init)
	c.label(init)
	c.config.Process = init
	return nil
}

// told removes the variables that tell init of what only Berth's supervisor serves.
func (c *conversion) told(init *specs.Process) {
	remove := func(name string) {
		init.Env = slices.DeleteFunc(init.Env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
	}
	given := func(name string) bool {
		return slices.ContainsFunc(c.Def.OS.Env, func(e domain.EnvVar) bool { return e.Name == name })
	}
	if c.Plan.Notify != "" {
		remove("NOTIFY_SOCKET")
		c.warn("domain/berth:container/berth:notify", "nobody listens to %s; runc and crun pass the socket of a service of Type=notify that they are started in, and set NOTIFY_SOCKET then", c.Plan.Notify)
	}
	if n := len(c.Def.Consoles); n > 1 {
		if !given("container_ttys") {
			remove("container_ttys")
		}
		c.warn("domain/devices/console[2]", "a bundle has one terminal: the container lacks the other %d, and so container_ttys", n-1)
	}
	if slices.ContainsFunc(c.Plan.Links, func(l plan.Link) bool { return l.Path == "/dev/tty1" }) {
		c.warn("domain/devices/console", "the container has no /dev/tty1, only /dev/console; its output is not kept")
	}
}

// label passes a fixed label on. One that is chosen for each run is Berth's work.
func (c *conversion) label(init *specs.Process) {
	for _, l := range c.Def.SecLabels {
		switch l.Type {
		case domain.LabelStatic:
			if l.Model == domain.ModelSELinux {
				init.SelinuxLabel = l.Label
			}
		case domain.LabelDynamic:
			c.warn("domain/seclabel", "Berth chooses a label for each run, with categories that nobody else has; put one into process.selinuxLabel and linux.mountLabel, if the host has a policy")
		case domain.LabelNone:
		}
		if l.Relabel == "yes" {
			c.warn("domain/seclabel", "no runtime relabels the files of the root; see chcon(1)")
		}
	}
}

// capabilities converts the mask. A process of another user than root has them in its bounding set only, as execve(2)
// leaves none in the others.
func capabilities(from plan.Capabilities) *specs.LinuxCapabilities {
	names := []string{}
	for n, name := range domain.CapabilityNames() {
		if from.Keep&(1<<n) != 0 {
			names = append(names, "CAP_"+strings.ToUpper(name))
		}
	}
	out := &specs.LinuxCapabilities{Bounding: names, Effective: names, Permitted: names}
	if from.Inherit {
		out.Inheritable = names
	}
	return out
}

// limits converts the limits of init: those of the definition, and otherwise those that a service of the host has.
func limits(p *plan.Plan) (out []specs.POSIXRlimit) {
	own := map[string]bool{}
	add := func(l plan.Limit) {
		out = append(out, specs.POSIXRlimit{Type: "RLIMIT_" + strings.ToUpper(l.Name), Soft: l.Soft, Hard: l.Hard})
	}
	for _, l := range p.RLimits {
		own[l.Name] = true
		add(l)
	}
	for _, l := range p.Limits {
		if !own[l.Name] {
			add(l)
		}
	}
	slices.SortFunc(out, func(a, b specs.POSIXRlimit) int { return strings.Compare(a.Type, b.Type) })
	return out
}
