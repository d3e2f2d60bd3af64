package nspawn

import (
	"slices"
	"strings"

	"github.com/berthd/berth/internal/domain"
)

// ownVariables are those that systemd-nspawn sets itself, to what is true under it.
func ownVariables() []string {
	return []string{"container", "container_uuid", "container_ttys", "NOTIFY_SOCKET"}
}

// init converts init: its command, user, and environment.
func (c *conversion) init() {
	p, d, e := c.Plan, c.Def, &c.exec
	c.parameters()
	for _, v := range p.Init.Env {
		name, _, _ := strings.Cut(v, "=")
		own := slices.Contains(ownVariables(), name)
		if own && !slices.ContainsFunc(d.OS.Env, func(e domain.EnvVar) bool { return e.Name == name }) {
			continue
		}
		if !fits(v) {
			c.warn("domain/os/initenv", "%s is not set: a settings file has no way to write its value", name)
			continue
		}
		e.set("Environment", word(v))
	}
	c.user()
	if p.Init.Dir != "/" {
		c.path("domain/os/initdir", e, "WorkingDirectory", p.Init.Dir)
	}
	c.killSignal()
	e.set("MachineID", strings.ReplaceAll(d.UUID.String(), "-", ""))
	if p.Hostname != "" {
		e.set("Hostname", p.Hostname)
	}
	if p.Linux32 {
		e.set("Personality", "x86")
		if d.OS.Arch != "i686" {
			c.warn("domain/os/type@arch", "systemd-nspawn knows the personality x86 only, and %s is none: uname(2) says what the host does", d.OS.Arch)
			e.lines = e.lines[:len(e.lines)-1]
		}
	}
	e.set("ResolvConf", "off")
	e.set("Timezone", "off")
	e.set("LinkJournal", "no")
	if p.Notify != "" {
		e.set("NotifyReady", "yes")
	}
}

// parameters converts the command of init. One that no line can have goes to the command line as a whole: Parameters=
// would take its place.
func (c *conversion) parameters() {
	command := slices.Clone(c.Plan.Init.Args)
	if !strings.HasPrefix(command[0], "/") {
		command[0] = "/" + command[0]
		c.warn("domain/os/init", "argv[0] of init is %s, not %s: systemd-nspawn has one word for both", command[0], c.Plan.Init.Args[0])
	}
	if slices.ContainsFunc(command, func(w string) bool { return !fits(w) }) {
		c.command = command
		c.warn("domain/os/initarg", "the command of init is in the drop-in, not in the settings: those have no way to write it")
		return
	}
	words := make([]string, len(command))
	for i, w := range command {
		words[i] = word(w)
	}
	c.exec.set("Boot", "no")
	c.exec.set("Parameters", strings.Join(words, " "))
}

// path sets a key to a path, if a line can have it.
func (c *conversion) path(element string, s *section, key, value string) {
	if !fits(value) || strings.Trim(value, " \t") != value {
		c.warn(element, "%q is missing: a settings file has no way to write it", value)
		return
	}
	s.set(key, value)
}

// user converts the user of init. systemd-nspawn asks getent(1) in the container for it.
func (c *conversion) user() {
	d := c.Def
	if d.OS.User != "" {
		c.exec.set("User", strings.TrimPrefix(d.OS.User, "+"))
		c.warn("domain/os/inituser", "systemd-nspawn asks getent(1) in the container for the user; it starts nothing if the root lacks getent or the user")
	}
	if d.OS.Group != "" {
		c.warn("domain/os/initgroup", "the group of init is the user's own: systemd-nspawn has no setting for another")
	}
}

// killSignal converts how init is asked to end. Berth looks at the signals that init listens to. systemd-nspawn kills
// an init that it has not booted, unless it is told a signal.
func (c *conversion) killSignal() {
	signal := c.Def.Extension.ShutdownSignal
	if signal == "" {
		switch c.Def.OS.Init {
		case "/sbin/init", "/usr/sbin/init", "/lib/systemd/systemd", "/usr/lib/systemd/systemd", "/init":
			signal = "SIGRTMIN+3"
			c.warn("domain/os/init", "a stop sends init SIGRTMIN+3, which systemd ends by; for another init, set KillSignal=")
		default:
			signal = "SIGTERM"
			c.warn("domain/os/init", "a stop sends init SIGTERM, which the kernel drops if init has no handler; Berth looks which signal init listens to")
		}
	}
	c.exec.set("KillSignal", signal)
}
