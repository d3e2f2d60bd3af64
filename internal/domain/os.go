package domain

import (
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/pattern"
)

const atInit = "domain/os/init"

var envName = pattern.Of(`^[A-Za-z_][A-Za-z0-9_]*$`)

func readOS(d *Def, x *document, f *faults) {
	if x.OS == nil || x.OS.Type == nil {
		f.invalid("domain/os/type", "it is missing: an os <type> must be specified")
	} else {
		if t := strings.TrimSpace(x.OS.Type.Type); t != "exe" {
			f.unsupported("domain/os/type", "'%s' is not supported; a container's type is 'exe'", t)
		}
		f.add(readArch(&d.OS, x.OS.Type.Arch, hostArch()))
	}
	if x.OS == nil {
		f.invalid(atInit, "it is missing: the init binary must be specified")
		return
	}
	if d.OS.Init = x.OS.Init; d.OS.Init == "" {
		f.invalid(atInit, "it is missing: the init binary must be specified")
	}
	f.add(checkPath(atInit, d.OS.Init))
	for i, a := range x.OS.InitArgs {
		if a == "" {
			f.invalid(nth("domain/os/initarg", i), "it is empty: no data supplied for <initarg>")
		}
		d.OS.Args = append(d.OS.Args, a)
	}
	for i, e := range x.OS.InitEnv {
		at := nth("domain/os/initenv", i)
		switch {
		case !envName().MatchString(e.Name):
			f.invalid(at+"@name", "'%.40s' is not the name of a variable: letters, digits and '_', no digit first", e.Name)
		case e.Value == "":
			f.invalid(at, "'%.40s' is empty: no data supplied for <initenv>", e.Name)
		case len(e.Name)+len("=")+len(e.Value) > maxVariable:
			f.invalid(at, "the variable has %d bytes; the kernel's limit is %d", len(e.Name)+len("=")+len(e.Value), maxVariable)
		}
		d.OS.Env = append(d.OS.Env, EnvVar{Name: e.Name, Value: e.Value})
	}
	d.OS.Dir, d.OS.User, d.OS.Group, d.OS.Cmdline = x.OS.InitDir, x.OS.InitUser, x.OS.InitGroup, x.OS.Cmdline
	if d.OS.Dir != "" && !strings.HasPrefix(d.OS.Dir, "/") {
		f.invalid("domain/os/initdir", "'%.60s' is not an absolute path", d.OS.Dir)
	}
	f.add(checkPath("domain/os/initdir", d.OS.Dir))
	f.add(checkOwner("domain/os/inituser", d.OS.User))
	f.add(checkOwner("domain/os/initgroup", d.OS.Group))
}

// checkOwner checks a user or group. It returns an error if s begins with "+" and no id follows. A
// name is not checked: only the container can look it up.
func checkOwner(at, s string) *Error {
	digits, forced := strings.CutPrefix(s, "+")
	if !forced {
		return nil
	}
	if n, err := strconv.ParseUint(digits, 10, 32); err != nil || n == 1<<32-1 {
		return invalid(at, "'%.40s' is not an id: a number from 0 to 4294967294 follows the '+'", s)
	}
	return nil
}
