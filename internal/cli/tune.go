package cli

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// tunable is a command that prints limits, or changes those that it is given.
type tunable struct {
	use, short string
	operands   []*operand
	// read returns what is printed; json what --json prints. nil: the command only changes.
	read func(client.Info) []parameter
	json func(client.Info) any
	// set returns what shall change. now has the present limits if needsNow is true.
	set      func(now client.Info) (client.Resources, error)
	needsNow bool
	echoes   bool // it prints after a change, too
}

// parameter is a line of virsh's output.
type parameter struct{ name, value string }

// noLimit is systemd's number for no limit, or for what is not set.
const noLimit = ^uint64(0)

func (a *app) tuneCommands() []*cobra.Command {
	list := []*cobra.Command{a.setVCPUsCommand()}
	for _, t := range []tunable{setMemory(), setMaxMemory(), memoryTune(), blockTune(), a.schedInfo(), numaTune()} {
		list = append(list, a.tuneCommand(t))
	}
	return list
}

// affected holds the options that say what a command reads or changes.
type affected struct{ live, config, current bool }

func (f *affected) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.config, "config", false, "of the stored definition, for the next start")
	cmd.Flags().BoolVar(&f.live, "live", false, "of the running container")
	cmd.Flags().BoolVar(&f.current, "current", false, "of the running container, or of the stored definition if it is shut off; the default")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := exclusive(cmd, "current", "live"); err != nil {
			return err
		}
		return exclusive(cmd, "current", "config")
	}
}

// each returns one choice for each definition.
func (f *affected) each() []client.TuneOptions {
	if f.live && f.config {
		return []client.TuneOptions{{Live: true}, {Config: true}}
	}
	return []client.TuneOptions{{Live: f.live, Config: f.config}}
}

func (a *app) tuneCommand(t tunable) *cobra.Command {
	var f affected
	var asJSON bool
	cmd := &cobra.Command{Use: t.use, Short: t.short}
	f.add(cmd)
	if t.json != nil {
		cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	}
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, on target) error {
		changes := false
		for _, o := range t.operands {
			changes = changes || o.given
		}
		switch {
		case changes && asJSON && !t.echoes:
			return fmt.Errorf("option --json prints limits, and the command changes them")
		case !changes && f.live && f.config:
			return fmt.Errorf("options --config and --live are mutually exclusive")
		case changes:
			if err := t.change(ctx, d, on.path, f.each()); err != nil {
				return err
			}
		}
		if changes && !t.echoes {
			return nil
		}
		return a.printTuning(ctx, d, on.path, &t, f.each()[0], asJSON)
	}, t.operands...)
}

// change sets the limits. If the values for both definitions are the same, it is one change, all or none. If not, they
// are two, and the error of the second says that the first was made.
func (t *tunable) change(ctx context.Context, d Daemon, path client.Path, each []client.TuneOptions) error {
	var list []client.Resources
	for _, o := range each {
		var now client.Info
		var err error
		if t.needsNow {
			if now, err = d.Resources(ctx, path, o); err != nil {
				return err
			}
		}
		r, err := t.set(now)
		if err != nil {
			return err
		}
		list = append(list, r)
	}
	if len(each) == 2 && reflect.DeepEqual(list[0], list[1]) {
		each = []client.TuneOptions{{Live: true, Config: true}}
	}
	for i, o := range each {
		err := begun(ctx, d.SetResources(ctx, path, list[i], o))
		if reply, ok := errors.AsType[*client.Error](err); ok && i > 0 {
			return &client.Error{Name: reply.Name, Message: "only the running container was changed: " + reply.Message, Details: reply.Details}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *app) printTuning(ctx context.Context, d Daemon, path client.Path, t *tunable, o client.TuneOptions, asJSON bool) error {
	now, err := d.Resources(ctx, path, o)
	switch {
	case err != nil:
		return err
	case asJSON:
		return a.printJSON(t.json(now))
	}
	for _, p := range t.read(now) {
		fmt.Fprintf(a.out, "%-15s: %s\n", p.name, p.value)
	}
	return nil
}

// limited returns a pointer to a limit. It returns nil, which is null in JSON, if there is none.
func limited(n uint64) *uint64 {
	if n == noLimit {
		return nil
	}
	return &n
}
