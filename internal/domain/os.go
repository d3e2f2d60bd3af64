package domain

import (
	"regexp"
	"strconv"
	"strings"
)

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func readOS(d *Def, x *document) error {
	if x.OS == nil || x.OS.Type == nil {
		return invalid("domain/os/type", "it is missing: an os <type> must be specified")
	}
	if t := strings.TrimSpace(x.OS.Type.Type); t != "exe" {
		return unsupported("domain/os/type", "'%s' is not supported; a container's type is 'exe'", t)
	}
	if err := readArch(&d.OS, x.OS.Type.Arch, hostArch()); err != nil {
		return err
	}
	if d.OS.Init = x.OS.Init; d.OS.Init == "" {
		return invalid("domain/os/init", "it is missing: the init binary must be specified")
	}
	for _, a := range x.OS.InitArgs {
		if a == "" {
			return invalid("domain/os/initarg", "it is empty: no data supplied for <initarg>")
		}
		d.OS.Args = append(d.OS.Args, a)
	}
	for _, e := range x.OS.InitEnv {
		switch {
		case !envName.MatchString(e.Name):
			return invalid("domain/os/initenv@name", "'%.40s' is not the name of a variable: letters, digits and '_', no digit first", e.Name)
		case e.Value == "":
			return invalid("domain/os/initenv", "'%.40s' is empty: no data supplied for <initenv>", e.Name)
		}
		d.OS.Env = append(d.OS.Env, EnvVar{Name: e.Name, Value: e.Value})
	}
	d.OS.Dir, d.OS.User, d.OS.Group, d.OS.Cmdline = x.OS.InitDir, x.OS.InitUser, x.OS.InitGroup, x.OS.Cmdline
	if d.OS.Dir != "" && !strings.HasPrefix(d.OS.Dir, "/") {
		return invalid("domain/os/initdir", "'%.60s' is not an absolute path", d.OS.Dir)
	}
	if err := checkOwner("domain/os/inituser", d.OS.User); err != nil {
		return err
	}
	return checkOwner("domain/os/initgroup", d.OS.Group)
}

// checkOwner checks a user or group. It returns an error if s begins with "+" and no id follows. A
// name is not checked: only the container can look it up.
func checkOwner(at, s string) error {
	digits, forced := strings.CutPrefix(s, "+")
	if !forced {
		return nil
	}
	if n, err := strconv.ParseUint(digits, 10, 32); err != nil || n == 1<<32-1 {
		return invalid(at, "'%.40s' is not an id: a number from 0 to 4294967294 follows the '+'", s)
	}
	return nil
}
