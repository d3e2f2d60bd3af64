package cli

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/test/goldenfile"
)

// absent has the groups of virsh's commands that have no command here, and why.
func absent() map[string]string {
	return map[string]string{
		"interface": "systemd-networkd configures the links of the host",
		"filter":    "the packet filter of the host is nftables",
		"nodedev":   "udev knows the devices of the host; `<hostdev>` gives them to containers",
		"secret":    "a container has no secrets of libvirt's; systemd's credentials are there",
		"pool":      "a container's file systems are directories, images and devices of the host",
		"volume":    "a container's file systems are directories, images and devices of the host",
	}
}

// TestVerbTable: docs/verbs.md has each command of virsh's, with what berthctl does about it.
func TestVerbTable(t *testing.T) {
	t.Parallel()
	const file = "../../docs/verbs.md"
	got := verbTable(t)
	goldenfile.Check(t, file, got)
}

func verbTable(t *testing.T) string {
	t.Helper()
	var page strings.Builder
	page.WriteString(verbTableHead)
	why, commands, last := map[string]string{}, map[string]*cobra.Command{}, ""
	for _, an := range answers() {
		why[an.name] = an.why
	}
	for _, cmd := range Command(config(nil)).Commands() {
		commands[cmd.Name()] = cmd
	}
	own := map[string]string{}
	for _, g := range groups() {
		own[g.keyword] = g.own
	}
	for _, v := range verbsOfVirsh() {
		if v.group != last {
			last = v.group
			fmt.Fprintf(&page, "\n## Group %s\n\n", v.group)
			if reason, ok := absent()[v.group]; ok {
				fmt.Fprintf(&page, "None is served: %s.\n", reason)
			} else {
				page.WriteString("| command | | |\n|---|---|---|\n")
			}
			writeOwn(&page, own[v.group], commands)
		}
		cmd := commands[v.name]
		switch {
		case absent()[v.group] != "" && cmd == nil:
		case cmd == nil:
			fmt.Fprintf(&page, "| %s | not there | |\n", v.name)
		case why[v.name] != "":
			fmt.Fprintf(&page, "| %s | answered | %s |\n", v.name, why[v.name])
		default:
			fmt.Fprintf(&page, "| %s | served | %s |\n", v.name, hiddenOptions(cmd))
		}
	}
	return page.String()
}

// writeOwn writes the commands of a group that virsh does not have.
func writeOwn(page *strings.Builder, names string, commands map[string]*cobra.Command) {
	for name := range strings.FieldsSeq(names) {
		if commands[name] != nil {
			fmt.Fprintf(page, "| %s | Berth's own | |\n", name)
		}
	}
}

// hiddenOptions are the options of virsh's that a command does not carry out.
func hiddenOptions(cmd *cobra.Command) string {
	var refused, taken []string
	for _, option := range optionsOfVirsh(cmd.Name()) {
		name := optionName(option)
		f := cmd.Flags().Lookup(name)
		switch {
		case f == nil || !f.Hidden:
		case slices.Contains(withoutEffect()[cmd.Name()], name):
			taken = append(taken, "--"+name)
		default:
			refused = append(refused, "--"+name)
		}
	}
	text := ""
	if len(refused) > 0 {
		text = "not " + strings.Join(refused, " ")
	}
	if len(taken) > 0 {
		text = strings.TrimPrefix(text+"; ", "; ") + "without effect: " + strings.Join(taken, " ")
	}
	return text
}

const verbTableHead = `# virsh's commands and berthctl's

All commands of virsh 9.0, as ` + "`virsh -c lxc:///system help`" + ` lists them. A test writes this page, and holds it
against the commands that berthctl has.

- **served**: the command does what virsh's does. The options behind *not* exist, and fail.
- **answered**: libvirt's LXC driver does not serve it, or Berth has nothing to serve. The command takes virsh's options,
  looks the container up, and fails with virsh's error: "this function is not supported by the connection driver". The
  table says why. ` + "`help`" + ` and completions leave these commands out.
`

// TestEveryCommandHasItsGroup: each command that help shows is in a group of help's.
func TestEveryCommandHasItsGroup(t *testing.T) {
	t.Parallel()
	root := Command(config(nil))
	groupCommands(root)
	for _, cmd := range root.Commands() {
		if cmd.GroupID == "" && !cmd.Hidden {
			t.Errorf("%s is in no group", cmd.Name())
		}
	}
}

// TestAnswers: a command that the LXC driver does not serve says so in virsh's words, once its words and its container
// are right, and makes no other call.
func TestAnswers(t *testing.T) {
	t.Parallel()
	f := fleet()
	for _, an := range answers() {
		line := []string{an.name}
		for _, option := range optionsOfVirsh(an.name) {
			switch {
			case option == "domain!":
				line = append(line, "web")
			case option == "network!":
				line = append(line, "default")
			case strings.HasSuffix(option, "!"):
				line = append(line, "x")
			case strings.HasSuffix(option, "*"):
				line = append(line, "--"+optionName(option))
			}
		}
		f.calls = nil
		want := outcome{err: "error: " + strings.ReplaceAll(an.text, "%s", "x") + "\n", status: 1}
		if got := run(t, f, line...); got != want {
			t.Errorf("%v: got %+v, want %+v", line, got, want)
		}
		f.calls = slices.DeleteFunc(f.calls, func(c string) bool { return slices.Contains([]string{"ByName web", "Network default", "Networks"}, c) })
		if len(f.calls) > 0 {
			t.Errorf("%v: calls %v", line, f.calls)
		}
	}
}
