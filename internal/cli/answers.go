package cli

import (
	"context"
	_ "embed" // the table
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// answerTable has the commands of virsh's that are answered as virsh answers with the LXC driver, and do nothing. A
// line that begins with = is the reason of those below it. Behind a command is the function of libvirt's that virsh's
// error names, or the error itself.
//
//go:embed answers.txt
var answerTable string

// answer is what a command of virsh's says that has nothing to do here.
type answer struct{ name, text, why string }

func answers() (list []answer) {
	why := ""
	for line := range strings.Lines(answerTable) {
		line = strings.TrimSuffix(line, "\n")
		if reason, ok := strings.CutPrefix(line, "= "); ok {
			why = reason
			continue
		}
		name, text, _ := strings.Cut(line, " ")
		if !strings.Contains(text, " ") {
			text = "this function is not supported by the connection driver: " + text
		}
		list = append(list, answer{name, text, why})
	}
	return list
}

// answerCommands returns the commands that only answer. They are hidden: help and completions offer what there is.
func (a *app) answerCommands(named func(string) bool) []*cobra.Command {
	var list []*cobra.Command
	for _, an := range answers() {
		if named(an.name) {
			list = append(list, a.answerCommand(an, optionsOfVirsh(an.name)))
		}
	}
	return list
}

// answerCommand returns a command that takes virsh's options, looks its container or network up, and then fails.
func (a *app) answerCommand(an answer, options []string) *cobra.Command {
	cmd := &cobra.Command{Use: an.name, Short: "Not supported: " + an.why, Hidden: true}
	var required, optional []*operand
	for _, option := range options {
		name := optionName(option)
		about := "`" + strings.ToUpper(name) + "` as virsh has it"
		switch {
		case strings.HasSuffix(option, "*"):
			cmd.Flags().Bool(name, false, "as virsh has it")
		case strings.HasSuffix(option, "!"):
			required = append(required, &operand{name: name, about: about})
		default:
			optional = append(optional, &operand{name: name, about: about, optional: true, many: strings.HasSuffix(option, "+")})
		}
	}
	list := slices.Concat(required, optional)
	fail := func() error {
		text, ok := strings.CutSuffix(an.text, "%s")
		if ok { // the word after the container
			text += printable(list[1].value)
		}
		return errors.New(text)
	}
	switch first := append(required, &operand{})[0]; first.name {
	case "domain":
		return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(context.Context, Daemon, target) error { return fail() }, list[1:]...)
	case "network":
		return a.netCommand(cmd, func(context.Context, Daemon, client.Network) error { return fail() }, list[1:]...)
	}
	addOperands(cmd, list...)
	cmd.RunE = func(*cobra.Command, []string) error { return fail() }
	return cmd
}
