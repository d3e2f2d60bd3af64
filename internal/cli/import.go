package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/foreign"
	"github.com/berthd/berth/internal/moving"
)

// importing is one run of import.
type importing struct {
	*app
	dryRun, yes, json bool
	root              string
	options           moving.Options
}

// errNotImported ends an import that has told why.
var errNotImported = statusError(1)

// importCommand returns import, which virsh does not have.
func (a *app) importCommand() *cobra.Command {
	i := &importing{app: a}
	cmd := &cobra.Command{Use: "import", Short: "Bring the containers of libvirt, LXC or systemd-nspawn to Berth"}
	cmd.Flags().BoolVar(&i.dryRun, "dry-run", false, "only show what would be imported, and what cannot be")
	cmd.Flags().BoolVar(&i.yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&i.options.Replace, "replace", false, "replace definitions of Berth's that differ")
	cmd.Flags().BoolVar(&i.options.Trust, "trust", false, "take files that others than root can change as if they were root's")
	cmd.Flags().StringVar(&i.root, "root", "/", "the root `DIRECTORY` of the host whose files are read, such as that of a mounted disk")
	cmd.Flags().BoolVar(&i.json, "json", false, "print JSON; needs --dry-run or --yes")
	_ = cmd.RegisterFlagCompletionFunc("root", completePath)
	source := &operand{name: "source", about: "`SOURCE` of the containers: libvirt, lxc or nspawn", complete: completeWords("libvirt", "lxc", "nspawn")}
	names := &operand{name: "name", about: "`NAME` of a container, all by default; for lxc, a DIRECTORY of containers before", optional: true, many: true}
	addOperands(cmd, source, names)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := exclusive(cmd, "dry-run", "yes"); err != nil {
			return err
		}
		if i.json && !i.dryRun && !i.yes {
			return errors.New("--json needs --dry-run or --yes: nobody is asked")
		}
		i.options.Source, i.options.Names = moving.Source(source.value), names.values
		if i.options.Source == moving.LXC && len(names.values) > 0 && strings.Contains(names.values[0], "/") {
			i.options.Dir, i.options.Names = names.values[0], names.values[1:]
		}
		if len(i.options.Names) == 0 {
			i.options.Names = nil
		}
		switch i.options.Source {
		case moving.Libvirt, moving.LXC, moving.Nspawn:
		default:
			return fmt.Errorf("'%s' is no source of containers: libvirt, lxc or nspawn", printable(source.value))
		}
		return i.run(cmd.Context())
	}
	return cmd
}

// run shows what an import does, asks, and does it.
func (i *importing) run(ctx context.Context) error {
	tree, err := foreign.Open(i.root)
	if err != nil {
		return err
	}
	defer func() { _ = tree.Close() }()
	i.options.Tree, i.options.Here = tree, tree.Own()
	d, err := i.connect(context.WithoutCancel(ctx)) // an import that is interrupted is undone by the same connection
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	plan, err := moving.Look(ctx, d, i.options)
	if err != nil {
		if errors.Is(err, fs.ErrPermission) && !i.Root {
			err = fmt.Errorf("%w; the files are read by you, not by berthd: try again as root", err)
		}
		return err
	}
	fails := false
	for _, item := range plan.Items {
		fails = fails || item.Fails()
	}
	results := map[*moving.Item]error{}
	if !i.json {
		i.show(plan)
	}
	agreed, err := i.agreed(plan)
	if err != nil {
		return err
	}
	if agreed {
		results, err = i.carry(ctx, d, plan)
		if failed := notImported(plan, results); len(failed) > 0 && !i.json {
			i.say("\nNot imported: %s", strings.Join(failed, ", "))
		}
	}
	if i.json {
		if failed := i.printJSON(importedJSON(plan, results)); failed != nil {
			return failed
		}
	}
	if err == nil && fails {
		return errNotImported
	}
	return err
}

// agreed reports whether the import is to be done.
func (i *importing) agreed(plan *moving.Plan) (bool, error) {
	containers, networks := 0, 0
	for _, item := range plan.Items {
		switch {
		case !item.Made():
		case item.Network:
			networks++
		default:
			containers++
		}
	}
	what := numberOf(containers, "container")
	if networks > 0 {
		what += " and " + numberOf(networks, "network")
	}
	switch {
	case i.dryRun || containers+networks == 0:
		if !i.json {
			i.say("%s to import.", what)
			if failed := notImported(plan, nil); len(failed) > 0 {
				i.say("Cannot be imported: %s", strings.Join(failed, ", "))
			}
		}
		return false, nil
	case i.yes:
		return true, nil
	case !i.Asks:
		_ = i.out.Flush()
		return false, errors.New("nothing was imported: --yes imports this, and on a terminal you are asked")
	}
	_ = i.out.Flush()
	fmt.Fprintf(i.Err, "Import %s? [y/N]: ", what)
	line, err := readLine(i.In)
	if err != nil {
		return false, err
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		i.say("Nothing was imported.")
		return false, nil
	}
	return true, nil
}

// notImported lists what cannot be imported, or could not be.
func notImported(plan *moving.Plan, results map[*moving.Item]error) (list []string) {
	for _, item := range plan.Items {
		if item.Fails() || results[item] != nil {
			list = append(list, fmt.Sprintf("%s '%s'", kindOf(item), printable(item.Name)))
		}
	}
	return list
}

func numberOf(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// carry imports one item after the other. One that fails keeps none of the others from it.
func (i *importing) carry(ctx context.Context, d Daemon, plan *moving.Plan) (map[*moving.Item]error, error) {
	results, done := map[*moving.Item]error{}, map[*moving.Item]bool{}
	var failed error
	carry := func(item *moving.Item) {
		stored, err := plan.Carry(ctx, d, item, done)
		results[item] = err
		if err != nil {
			failed = errNotImported
			head := "error:"
			if i.colours(i.Terminal) {
				head = inColour(red, head)
			}
			_ = i.out.Flush()
			fmt.Fprintf(i.Err, "%s %s '%s' was not imported: %s\n", head, kindOf(item), printable(item.Name), i.report(err))
			return
		}
		for _, each := range stored {
			results[each] = nil
			if !i.json {
				i.say("%s '%s' imported from %s", capital(kindOf(each)), printable(each.Name), printable(each.File))
			}
		}
	}
	for _, network := range []bool{false, true} { // those that no container needs come last
		for _, item := range plan.Items {
			if item.Network == network && item.Made() && !done[item] && ctx.Err() == nil {
				carry(item)
			}
		}
	}
	if ctx.Err() != nil {
		return results, context.Cause(ctx)
	}
	if !i.json {
		i.showThen(plan, done)
	}
	return results, failed
}

func kindOf(i *moving.Item) string {
	if i.Network {
		return "network"
	}
	return "container"
}

func capital(word string) string { return strings.ToUpper(word[:1]) + word[1:] }
