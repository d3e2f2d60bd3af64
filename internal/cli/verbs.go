package cli

import (
	_ "embed" // the lists of commands
	"strings"

	"github.com/spf13/cobra"
)

// virshVerbs has each command of virsh 9.0, one a line: its group, its name and its options. ! stands behind what is
// required, * behind what takes no value, # behind a number, and + behind words up to the end of the line.
//
//go:embed virsh-9.0.txt
var virshVerbs string

// verb is a command of virsh's.
type verb struct {
	group, name string
	options     string
}

func verbsOfVirsh() (list []verb) {
	for line := range strings.Lines(virshVerbs) {
		group, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		name, options, _ := strings.Cut(rest, " ")
		list = append(list, verb{group, name, options})
	}
	return list
}

// optionName returns the name of an option in the list.
func optionName(option string) string { return strings.TrimRight(option, "!#*+") }

// optionsOfVirsh returns the options that virsh's command with a name has.
func optionsOfVirsh(name string) []string {
	for _, v := range verbsOfVirsh() {
		if v.name == name {
			return strings.Fields(v.options)
		}
	}
	return nil
}

// groupsOfVirsh returns the group of each command.
func groupsOfVirsh() map[string]string {
	of := map[string]string{}
	for _, v := range verbsOfVirsh() {
		of[v.name] = v.group
	}
	return of
}

// group is a group of commands, by virsh's keyword for it.
type group struct {
	keyword, title string
	own            string // the commands that virsh does not have
}

func groups() []group {
	return []group{
		{"domain", "Containers", "console-log exec export-nspawn export-oci plan socket-unit domlabel unshift validate import"},
		{"monitor", "State and figures of containers", "metrics top"},
		{"events", "Events", ""},
		{"host", "The host", "doctor"},
		{"network", "Networks", ""},
		{"virsh", "berthctl itself", "completion"},
	}
}

// groupCommands puts the commands into their groups.
func groupCommands(root *cobra.Command) {
	of := groupsOfVirsh()
	known := map[string]bool{}
	for _, g := range groups() {
		root.AddGroup(&cobra.Group{ID: g.keyword, Title: g.title + " (help " + g.keyword + "):"})
		known[g.keyword] = true
		for name := range strings.FieldsSeq(g.own) {
			of[name] = g.keyword
		}
	}
	for _, cmd := range root.Commands() {
		if known[of[cmd.Name()]] {
			cmd.GroupID = of[cmd.Name()]
		}
	}
}
