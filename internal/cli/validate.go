package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// describer has the calls that say what containers, definitions and jobs are.
type describer interface {
	ValidateXML(ctx context.Context, xml string) ([]client.Fault, error)
	WithoutEffect(ctx context.Context, xml string, device bool) ([]client.Fault, error)
	Describe(ctx context.Context, f client.Filter, properties ...string) (map[client.Path]client.Info, error)
	GetJobInfo(ctx context.Context, p client.Path) (client.Job, error)
}

// errInvalid ends validate after it has printed the mistakes.
var errInvalid = statusError(1)

// jsonFault is a mistake in the output of validate --json.
type jsonFault struct {
	Kind    string  `json:"kind"`
	Element string  `json:"element"`
	Line    *uint32 `json:"line"`
	Text    string  `json:"text"`
}

// validateCommand returns validate, which virsh does not have.
func (a *app) validateCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "validate", Short: "Check domain XML, and store nothing"}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	o := &operand{name: "file", about: "`FILE` with the domain XML, - for standard input", complete: completeXMLFile}
	addOperands(cmd, o)
	a.runOnFile(cmd, o, func(ctx context.Context, d Daemon, xml string) error {
		list, err := d.ValidateXML(ctx, xml)
		if err != nil {
			return err
		}
		against, err := a.schema(ctx, xml, o.value)
		if err != nil {
			return err
		}
		list = append(list, against...)
		idle, err := d.WithoutEffect(ctx, xml, false)
		if err != nil {
			return err
		}
		if err := a.printFaults(list, idle, o.value, asJSON); err != nil {
			return err
		}
		if len(list) > 0 {
			return errInvalid
		}
		return nil
	})
	return cmd
}

// printFaults prints mistakes, and what has no effect.
func (a *app) printFaults(list, idle []client.Fault, file string, asJSON bool) error {
	if asJSON {
		out := make([]jsonFault, len(list)+len(idle))
		for i, f := range slices.Concat(list, idle) {
			out[i] = jsonFault{f.Kind, f.Element, unlessZero(f.Line), f.Text}
		}
		return a.printJSON(out)
	}
	for _, f := range list {
		where := file
		if f.Line != 0 {
			where = fmt.Sprintf("%s:%d", file, f.Line)
		}
		text := f.Text
		if f.Element != "" {
			text = f.Element + ": " + text
		}
		fmt.Fprintf(a.out, "%s: %s\n", printable(where), printable(text))
	}
	if len(list) == 0 {
		a.say("%s: right", printable(file))
	}
	if len(idle) > 0 {
		a.warn(file, namesIdle(idle))
	}
	return nil
}

// addValidate adds virsh's option.
func addValidate(cmd *cobra.Command, validate *bool) {
	cmd.Flags().BoolVar(validate, "validate", false, "compare the XML with libvirt's schema, too")
}

// jobInfoCommand returns domjobinfo.
func (a *app) jobInfoCommand() *cobra.Command {
	var completed, raw bool
	cmd := &cobra.Command{Use: "domjobinfo", Short: "Print what is known of the job that goes on on a container"}
	cmd.Flags().BoolVar(&completed, "completed", false, "of a job that is over; Berth keeps nothing of those")
	cmd.Flags().BoolVar(&raw, "rawstats", false, "print the raw figures")
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		if completed {
			return errors.New("nothing is kept of a job that is over")
		}
		job, err := d.GetJobInfo(ctx, t.path)
		if err != nil {
			return err
		}
		a.printJob(job, raw)
		return nil
	})
}

func (a *app) printJob(job client.Job, raw bool) {
	switch {
	case raw && job.Kind == "":
		fmt.Fprintln(a.out, "Job type: 0")
	case raw:
		fmt.Fprintf(a.out, "Job type: 2\n\nfiles_processed: %d\noperation: %s\ntime_elapsed: %d\n", job.Files, job.Kind, job.ElapsedUSec/1000)
	case job.Kind == "":
		fmt.Fprintf(a.out, "%-17s %s\n", "Job type:", "None")
	default:
		fmt.Fprintf(a.out, "%-17s %s\n", "Job type:", "Unbounded")
		fmt.Fprintf(a.out, "%-17s %s\n", "Operation:", job.Kind)
		fmt.Fprintf(a.out, "%-17s %-12d ms\n", "Time elapsed:", job.ElapsedUSec/1000)
		fmt.Fprintf(a.out, "%-17s %d\n", "Files processed:", job.Files)
	}
}
