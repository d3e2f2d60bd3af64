package domain

import (
	"regexp"
	"runtime"
	"strings"
)

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func readOS(d *Def, x *document) error {
	if x.OS == nil || x.OS.Type == nil {
		return invalid("domain/os/type", "it is missing: an os <type> must be specified")
	}
	if t := strings.TrimSpace(x.OS.Type.Type); t != "exe" {
		return unsupported("domain/os/type", "'%s' is not served; a container's type is 'exe'", t)
	}
	if d.OS.Arch = x.OS.Type.Arch; d.OS.Arch != "" && d.OS.Arch != hostArch() {
		return unsupported("domain/os/type@arch", "'%s' does not run on this host, which is %s", d.OS.Arch, hostArch())
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
			return invalid("domain/os/initenv@name", "'%.40s' is no name of a variable: letters, digits and '_', no digit first", e.Name)
		case e.Value == "":
			return invalid("domain/os/initenv", "'%s' is empty: no data supplied for <initenv>", e.Name)
		}
		d.OS.Env = append(d.OS.Env, EnvVar{Name: e.Name, Value: e.Value})
	}
	d.OS.Dir, d.OS.User, d.OS.Group, d.OS.Cmdline = x.OS.InitDir, x.OS.InitUser, x.OS.InitGroup, x.OS.Cmdline
	if d.OS.Dir != "" && !strings.HasPrefix(d.OS.Dir, "/") {
		return invalid("domain/os/initdir", "'%s' is not an absolute path", d.OS.Dir)
	}
	return nil
}

// hostArch is libvirt's word for the architecture that this program is built for.
func hostArch() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "386":
		return "i686"
	case "arm64":
		return "aarch64"
	case "arm":
		return "armv7l"
	case "ppc64le", "ppc64", "riscv64", "s390x":
		return runtime.GOARCH
	}
	return runtime.GOARCH
}
