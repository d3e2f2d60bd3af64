package nspawn

import (
	"slices"
	"strings"

	"github.com/berthd/berth/internal/export"
)

// File is a container, as systemd-nspawn can run it.
type File struct {
	Machine  string // the name of the machine, and of the files
	Settings string // Path has it
	DropIn   string // UnitPath has it: the rest of the command line, and the limits
	Command  []string
}

// Path is where systemd-nspawn heeds all of the settings. In a file beside the root it ignores those that give the
// container rights.
func (f *File) Path() string { return "/etc/systemd/nspawn/" + f.Machine + ".nspawn" }

// UnitPath is where systemd reads the drop-in of the machine's service.
func (f *File) UnitPath() string {
	return "/etc/systemd/system/systemd-nspawn@" + f.Machine + ".service.d/berth.conf"
}

// conversion is one that goes on.
type conversion struct {
	*export.Source
	host     export.Host
	machine  string
	warnings export.Warnings

	exec, files, network section
	service              section
	arguments            []string // of the command line
	command              []string // of init, if the settings cannot have it
	joined               bool     // the network is another's
}

// environment is that of systemd-nspawn itself (systemd's docs/ENVIRONMENT.md): it mounts cgroup2, as Berth does, also
// for a root without systemd, and no file system of its own on /tmp.
func environment() []string {
	return []string{"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1", "SYSTEMD_NSPAWN_TMPFS_TMP=0"}
}

// section has the lines of one section.
type section struct{ lines []string }

func (s *section) set(key, value string) { s.lines = append(s.lines, key+"="+value) }

// Convert makes the files of a container.
func Convert(s *export.Source, h export.Host) (*File, export.Warnings) {
	c := &conversion{Source: s, host: h, machine: s.Def.MachineName()}
	c.init()
	c.rights()
	c.root()
	c.filesystems()
	c.devices()
	c.links()
	c.limits()
	c.lost()
	f := &File{Machine: c.machine, Settings: c.settings(), DropIn: c.dropIn()}
	f.Command = append([]string{"env"}, environment()...)
	f.Command = append(f.Command, append([]string{"systemd-nspawn", "--settings=override", "--machine=" + c.machine}, c.arguments...)...)
	f.Command = append(f.Command, c.command...)
	return f, c.warnings
}

func (c *conversion) warn(element, format string, args ...any) {
	c.warnings.Add(element, format, args...)
}

func (c *conversion) settings() string {
	var b strings.Builder
	b.WriteString("# The container '" + oneLine(c.Def.Name) + "' of Berth, as \"berthctl export-nspawn\" has written it.\n")
	for _, s := range []struct {
		name string
		of   section
	}{{"Exec", c.exec}, {"Files", c.files}, {"Network", c.network}} {
		write(&b, s.name, s.of)
	}
	return b.String()
}

func (c *conversion) dropIn() string {
	var b strings.Builder
	b.WriteString("# The container '" + oneLine(c.Def.Name) + "' of Berth, as \"berthctl export-nspawn --unit\" has written it.\n")
	words := []string{"systemd-nspawn --quiet --keep-unit --settings=override --machine=%i"}
	for _, a := range slices.Concat(c.arguments, c.command) {
		words = append(words, execWord(a))
	}
	s := section{}
	s.set("Environment", strings.Join(environment(), " "))
	s.set("ExecStart", "")
	s.set("ExecStart", strings.Join(words, " "))
	s.lines = append(s.lines, c.service.lines...)
	write(&b, "Service", s)
	return b.String()
}

func write(b *strings.Builder, name string, s section) {
	if len(s.lines) > 0 {
		b.WriteString("\n[" + name + "]\n" + strings.Join(s.lines, "\n") + "\n")
	}
}
