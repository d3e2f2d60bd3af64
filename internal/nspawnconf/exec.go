package nspawnconf

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/native"
	"github.com/berthd/berth/internal/numberset"
)

// execution is what [Exec] says of the program.
type execution struct {
	boot       bool
	parameters []string
	at         setting // the line with them
	keep, drop map[string]bool

	processors  map[int]bool
	environment map[string]int // the places of the variables in the definition
}

func (c *conversion) boot(s setting) {
	on, ok := boolean(s.value)
	if !ok {
		c.bad(s, "a boolean")
		return
	}
	c.exec.boot = on
}

func (c *conversion) parameters(s setting) {
	list, err := words(s.value)
	if err != nil {
		c.bad(s, "a list of words: "+err.Error())
		return
	}
	c.exec.parameters, c.exec.at = list, s
}

// environment takes one line, which may have several assignments.
func (c *conversion) environment(s setting) {
	if s.value == "" {
		c.def.OS.Env, c.exec.environment = nil, nil
		return
	}
	list, err := words(s.value)
	if err != nil {
		c.bad(s, "a list of words: "+err.Error())
		return
	}
	for _, word := range list {
		name, value, ok := strings.Cut(word, "=")
		switch {
		case !ok || name == "":
			c.warn(s, "'%.60s' is not NAME=VALUE; systemd-nspawn passes over it, too", word)
		case value == "":
			c.warn(s, "%.40s: an <initenv> has a value", name)
		default:
			c.setEnvironment(name, value)
		}
	}
}

func (c *conversion) setEnvironment(name, value string) {
	if i, ok := c.exec.environment[name]; ok {
		c.def.OS.Env[i].Value = value
		return
	}
	if c.exec.environment == nil {
		c.exec.environment = map[string]int{}
	}
	c.exec.environment[name] = len(c.def.OS.Env)
	c.def.OS.Env = append(c.def.OS.Env, domain.EnvVar{Name: name, Value: value})
}

func (c *conversion) directory(s setting) {
	if s.value != "" && !strings.HasPrefix(s.value, "/") {
		c.bad(s, "an absolute path")
		return
	}
	c.def.OS.Dir = s.value
}

func (c *conversion) noNewPrivileges(s setting) {
	on, ok := boolean(s.value)
	if !ok {
		c.bad(s, "a boolean")
		return
	}
	c.def.Extension.NoNewPrivs = on
}

func (c *conversion) notifyReady(s setting) {
	on, ok := boolean(s.value)
	if !ok {
		c.bad(s, "a boolean")
		return
	}
	c.def.Extension.Notify = on
}

func (c *conversion) killSignal(s setting) {
	name := s.value
	if name != "" && !strings.HasPrefix(name, "SIG") {
		name = "SIG" + name
	}
	e := domain.Extension{ShutdownSignal: name}
	if name != "" && e.StopSignal() == 0 {
		c.warn(s, "'%.40s' is no signal that a definition can have", s.value)
		return
	}
	c.def.Extension.ShutdownSignal = name
}

// personality takes systemd's names of architectures.
func (c *conversion) personality(s setting) {
	arch, known := map[string]string{
		"": "", "x86": "i686", "x86-64": "x86_64", "arm64": "aarch64", "arm": "armv7l", "ppc": "ppc", "ppc64": "ppc64", "ppc64-le": "ppc64le",
		"s390": "s390", "s390x": "s390x", "riscv64": "riscv64", "loongarch64": "loongarch64", "native": "",
	}[s.value]
	if !known {
		c.bad(s, "an architecture")
		return
	}
	c.def.OS.Arch = arch
}

// machineID takes the id that the container finds in container_uuid, which is the uuid of a definition.
func (c *conversion) machineID(s setting) {
	u, err := domain.ParseUUID(s.value)
	if err != nil || u.IsZero() {
		c.bad(s, "the id of a machine")
		return
	}
	c.def.UUID = u
}

// mostProcessors is how many the kernel can have.
const mostProcessors = 8192

// affinity takes numbers and ranges, apart by blanks or commas. Further lines add to it.
func (c *conversion) affinity(s setting) {
	if s.value == "" {
		c.exec.processors = nil
		return
	}
	set := maps.Clone(c.exec.processors)
	if set == nil {
		set = map[int]bool{}
	}
	for _, word := range strings.FieldsFunc(s.value, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' }) {
		from, to, isRange := strings.Cut(word, "-")
		if !isRange {
			to = from
		}
		first, err1 := strconv.ParseUint(from, 10, 32)
		last, err2 := strconv.ParseUint(to, 10, 32)
		if err1 != nil || err2 != nil || first > last || last >= mostProcessors {
			c.bad(s, "a list of processors")
			return
		}
		for i := first; i <= last; i++ {
			set[int(i)] = true
		}
	}
	c.exec.processors = set
}

func (c *conversion) hostname(s setting) {
	if s.value != "" && s.value != c.options.Name {
		c.warn(s, "the container's host name is that of its definition; have '%.64s' in its /etc/hostname, which its init sets", s.value)
	}
}

// finishExec sets init and its arguments.
func (c *conversion) finishExec() {
	os, list := &c.def.OS, c.exec.parameters
	c.def.CPU.Set = numberset.Of(slices.Sorted(maps.Keys(c.exec.processors)))
	os.Init = c.options.Init
	if os.Init == "" || !c.exec.boot {
		os.Init = "/sbin/init"
	}
	if !c.exec.boot {
		if _, set := c.exec.environment["PATH"]; !set {
			c.setEnvironment("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin") // systemd-nspawn's
		}
		if len(list) == 0 {
			c.warnings = append(c.warnings, native.Warning{File: c.file, Text: "no program is named, and init is not booted: systemd-nspawn starts a shell, and so does the definition"})
			list = []string{"/bin/sh"}
		}
		os.Init, list = list[0], list[1:]
		if !strings.HasPrefix(os.Init, "/") {
			c.warn(c.exec.at, "'%.60s' is looked up in no PATH: write the program's whole path", os.Init)
		}
	}
	for _, word := range list {
		if word == "" {
			c.warn(c.exec.at, "an empty argument is lost: there is no <initarg> without text")
			continue
		}
		os.Args = append(os.Args, word)
	}
}
