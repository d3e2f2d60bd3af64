package lxcconf

import (
	"maps"
	"slices"
	"strings"

	"github.com/berthd/berth/internal/lxcconf/syntax"
)

// tables has what is the same for all lines.
type tables struct {
	old     map[string]string // the keys of LXC before version 3, and their present names
	keys    map[string]func(*conversion, syntax.Entry)
	reasons map[string]string
	order   []string // of the reasons: the longest of those that fit comes first
}

func newTables() tables {
	r := reasons()
	order := slices.Sorted(maps.Keys(r))
	slices.Reverse(order)
	return tables{old: oldKeys(), keys: keys(), reasons: r, order: order}
}

func oldKeys() map[string]string {
	return map[string]string{
		"lxc.utsname": "lxc.uts.name", "lxc.rootfs": "lxc.rootfs.path",
		"lxc.id_map": "lxc.idmap", "lxc.tty": "lxc.tty.max", "lxc.devttydir": "lxc.tty.dir", "lxc.pts": "lxc.pty.max",
		"lxc.console": "lxc.console.path", "lxc.init_cmd": "lxc.init.cmd", "lxc.init_uid": "lxc.init.uid", "lxc.init_gid": "lxc.init.gid",
		"lxc.haltsignal": "lxc.signal.halt", "lxc.rebootsignal": "lxc.signal.reboot", "lxc.stopsignal": "lxc.signal.stop",
		"lxc.aa_profile": "lxc.apparmor.profile", "lxc.aa_allow_incomplete": "lxc.apparmor.allow_incomplete",
		"lxc.se_context": "lxc.selinux.context", "lxc.seccomp": "lxc.seccomp.profile",
		"lxc.loglevel": "lxc.log.level", "lxc.logfile": "lxc.log.file", "lxc.syslog": "lxc.log.syslog",
	}
}

// newSpelling returns the present name of a key.
func (t *tables) newSpelling(key string) string {
	if to, old := t.old[key]; old {
		return to
	}
	if name, old := strings.CutPrefix(key, "lxc.limit."); old {
		return "lxc.prlimit." + name
	}
	return key
}

// keys has what is done for each key by itself.
func keys() map[string]func(*conversion, syntax.Entry) {
	return map[string]func(*conversion, syntax.Entry){
		"lxc.uts.name":               func(c *conversion, e syntax.Entry) { c.def.Name, c.name = e.Value, e },
		"lxc.arch":                   (*conversion).arch,
		"lxc.rootfs.path":            func(c *conversion, e syntax.Entry) { c.root.path = e },
		"lxc.rootfs.backend":         func(c *conversion, e syntax.Entry) { c.root.backend = e },
		"lxc.rootfs.options":         func(c *conversion, e syntax.Entry) { c.root.options = e },
		"lxc.rootfs.mount":           func(c *conversion, e syntax.Entry) { c.root.mount = e },
		"lxc.mount.entry":            (*conversion).mountEntry,
		"lxc.mount.auto":             (*conversion).mountAuto,
		"lxc.idmap":                  (*conversion).idmap,
		"lxc.tty.max":                (*conversion).ttys,
		"lxc.console.path":           (*conversion).console,
		"lxc.autodev":                (*conversion).autodev,
		"lxc.pty.max":                (*conversion).terminals,
		"lxc.init.cmd":               (*conversion).initCommand,
		"lxc.init.cwd":               func(c *conversion, e syntax.Entry) { c.def.OS.Dir = e.Value },
		"lxc.init.uid":               func(c *conversion, e syntax.Entry) { c.def.OS.User = c.id(e) },
		"lxc.init.gid":               func(c *conversion, e syntax.Entry) { c.def.OS.Group = c.id(e) },
		"lxc.environment":            (*conversion).environment,
		"lxc.environment.runtime":    (*conversion).environment,
		"lxc.signal.halt":            (*conversion).haltSignal,
		"lxc.no_new_privs":           (*conversion).noNewPrivs,
		"lxc.cap.drop":               (*conversion).capDrop,
		"lxc.cap.keep":               (*conversion).capKeep,
		"lxc.net":                    func(c *conversion, e syntax.Entry) { c.networks.clear(e) },
		"lxc.network":                func(c *conversion, e syntax.Entry) { c.networks.clear(e) },
		"lxc.namespace.share.net":    (*conversion).share,
		"lxc.namespace.share.ipc":    (*conversion).share,
		"lxc.namespace.share.uts":    (*conversion).share,
		"lxc.apparmor.profile":       (*conversion).unconfined,
		"lxc.start.auto":             (*conversion).switchedOff,
		"lxc.ephemeral":              (*conversion).switchedOff,
		"lxc.monitor.unshare":        (*conversion).switchedOff,
		"lxc.keyring.session":        (*conversion).switchedOff,
		"lxc.apparmor.allow_nesting": (*conversion).switchedOff,
	}
}

// entry converts one line.
func (c *conversion) entry(e syntax.Entry) {
	given := e.Key
	e.Key = c.tables.newSpelling(given)
	handle, known := c.tables.keys[e.Key]
	family := strings.SplitN(e.Key, ".", 3)
	e.Key = given // messages have the key of the file
	switch {
	case known:
		handle(c, e)
	case len(family) < 3:
		c.without(e)
	case strings.HasPrefix(given, "lxc.net."):
		c.networks.numbered(c, e, family[2])
	case strings.HasPrefix(given, "lxc.network."):
		c.networks.old(c, e, family[2])
	case family[1] == "cgroup" || family[1] == "cgroup2":
		c.cgroup(e, family[1] == "cgroup2", family[2])
	case family[1] == "prlimit":
		c.prlimit(e, family[2])
	default:
		c.without(e)
	}
}

// without warns of a key that has no counterpart.
func (c *conversion) without(e syntax.Entry) {
	key := c.tables.newSpelling(e.Key)
	for _, prefix := range c.tables.order {
		if key == prefix || strings.HasSuffix(prefix, ".") && strings.HasPrefix(key, prefix) {
			c.warn(e, "%s", c.tables.reasons[prefix])
			return
		}
	}
	if !strings.HasPrefix(key, "lxc.") {
		c.warn(e, "it is no key of LXC's, which ignores it, too")
		return
	}
	c.warn(e, "it has no counterpart, and is lost")
}

// reasons has what to say of keys without a counterpart. One that ends with a dot is for all keys that begin so.
func reasons() map[string]string {
	return map[string]string{
		"lxc.hook.":            "no hook is run; berthctl event and units of systemd act on the states of a container",
		"lxc.hook":             "no hook is run; berthctl event and units of systemd act on the states of a container",
		"lxc.seccomp.":         "the profile is not read; <berth:seccomp profile='default'/> has Berth's own",
		"lxc.apparmor.":        "Berth sets no AppArmor profile",
		"lxc.selinux.":         "the context is not taken over; on a host with SELinux each container gets a label of its own, or that of a <seclabel>",
		"lxc.sysctl.":          "Berth sets no sysctl; have it set in the container, as by sysctl.d(5)",
		"lxc.proc.":            "Berth writes no file of /proc for init",
		"lxc.start.":           "a definition does not say what starts with the host, nor in which order; berthctl autostart does",
		"lxc.group":            "containers have no groups",
		"lxc.signal.":          "Berth chooses the signal; only that for a shutdown can be set",
		"lxc.log.":             "the journal has all that berthd says of a container",
		"lxc.console.":         "the output of a console is kept; <berth:journal console='0'/> writes it to the journal",
		"lxc.pty.max":          "a container has 1,024 terminals besides its consoles",
		"lxc.tty.dir":          "terminals are in /dev itself",
		"lxc.kmsg":             "there is no /dev/kmsg",
		"lxc.ephemeral":        "a definition does not say that the container is transient; berthctl create starts such a one",
		"lxc.rootfs.managed":   "nothing of Berth's removes a root directory",
		"lxc.pivotdir":         "the directory is not needed",
		"lxc.execute.":         "<init> says what runs",
		"lxc.namespace.":       "Berth chooses the namespaces; net, ipc and uts can be shared with another container",
		"lxc.time.":            "the container's clocks begin at its start",
		"lxc.keyring.":         "each container has a keyring of its own where the kernel lets it",
		"lxc.monitor.":         "a supervisor of Berth's takes the place of LXC's monitor",
		"lxc.environment.":     "no hook is run",
		"lxc.cgroup.dir":       "the control group is that of a scope of systemd's; <resource><partition> chooses its slice",
		"lxc.cgroup.dir.":      "the control group is that of a scope of systemd's; <resource><partition> chooses its slice",
		"lxc.cgroup.relative":  "the control group is that of a scope of systemd's; <resource><partition> chooses its slice",
		"lxc.cgroup.use":       "systemd chooses the controllers",
		"lxc.uts.":             "only the name is taken over",
		"lxc.start.auto":       "a definition does not say that the container starts with the host; berthctl autostart NAME does",
		"lxc.rootfs.":          "it has no counterpart, and is lost",
		"lxc.init.groups":      "init has the groups that the container's own files give its user",
		"lxc.sched.core":       "Berth makes no scheduling domain for core scheduling",
		"lxc.proc":             "Berth writes no file of /proc for init",
		"lxc.include":          "it is not read",
		"lxc.monitor.unshare":  "the supervisor has a mount namespace of its own in any case",
		"lxc.cgroup.pattern":   "the control group is that of a scope of systemd's",
		"lxc.selinux.context.": "Berth gives keyrings no context",
	}
}

// switchedOff warns of a switch that is on.
func (c *conversion) switchedOff(e syntax.Entry) {
	if e.Value != "" && e.Value != "0" {
		c.without(e)
	}
}

// unconfined warns of an AppArmor profile, unless it says that there is none.
func (c *conversion) unconfined(e syntax.Entry) {
	if e.Value != "unconfined" && e.Value != "" {
		c.without(e)
	}
}
