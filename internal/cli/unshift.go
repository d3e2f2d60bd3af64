package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// owners takes trees that are shifted on disk back to plain owners.
type owners interface {
	Unshift(ctx context.Context, p client.Path, o client.UnshiftOptions) (client.Unshifted, error)
	UnshiftPath(ctx context.Context, path string, o client.UnshiftOptions) (client.Unshifted, error)
}

// jsonUnshifted is the output of unshift --json.
type jsonUnshifted struct {
	Path    string  `json:"path"`
	From    uint32  `json:"from"`
	Files   uint64  `json:"files"`
	Changed uint64  `json:"changed"`
	Left    uint64  `json:"left"`
	Example *string `json:"left_example"`
	Dropped uint64  `json:"dropped"`
	Of      *string `json:"dropped_example"`
	DryRun  bool    `json:"dry_run"`
}

// unshiftCommand returns unshift.
func (a *app) unshiftCommand() *cobra.Command {
	var path string
	var o client.UnshiftOptions
	var asJSON bool
	cmd := &cobra.Command{Use: "unshift", Short: "Take a root that is shifted on disk back to plain owners"}
	domain := &operand{
		name: "domain", about: "`DOMAIN`: name or uuid", optional: true, complete: a.completeDomain(fitting{States: []string{"shutoff"}}),
	}
	addOperands(cmd, domain)
	cmd.Flags().StringVar(&path, "path", "", "`DIRECTORY` of the host, in place of the root of a container")
	_ = cmd.RegisterFlagCompletionFunc("path", completePath)
	cmd.Flags().Uint32Var(&o.From, "from", 0, "first `ID` of the host by which it is shifted; otherwise the container's own, or the directory's")
	_ = cmd.RegisterFlagCompletionFunc("from", cobra.NoFileCompletions)
	cmd.Flags().BoolVar(&o.DryRun, "dry-run", false, "count the files, and change nothing")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		switch {
		case domain.value == "" && path == "":
			return errors.New("command 'unshift' requires <domain> or --path option")
		case domain.value != "" && path != "":
			return errors.New("options --domain and --path are mutually exclusive")
		case cmd.Flags().Changed("from") && o.From == 0:
			return errors.New("--from 0 is no other id than inside")
		}
		u, err := a.unshift(cmd.Context(), domain.value, path, o)
		if err != nil {
			return err
		}
		return a.printUnshifted(u, o.DryRun, asJSON)
	}
	return cmd
}

func (a *app) unshift(ctx context.Context, domain, path string, o client.UnshiftOptions) (u client.Unshifted, err error) {
	if path != "" {
		if path, err = filepath.Abs(path); err != nil {
			return u, err
		}
	}
	d, err := a.connect(ctx)
	if err != nil {
		return u, err
	}
	defer func() { _ = d.Close() }()
	if path != "" {
		u, err = d.UnshiftPath(ctx, path, o)
		return u, interrupted(ctx, o, err)
	}
	t, err := find(ctx, d, domain, nameOrUUID)
	if err != nil {
		return u, err
	}
	defer a.counting(ctx, d, t)()
	u, err = d.Unshift(ctx, t.path, o)
	if err != nil && ctx.Err() != nil && !o.DryRun { // the daemon would go on
		if err := a.abort(context.WithoutCancel(ctx), t.path); err != nil {
			return u, err
		}
	}
	return u, gone(interrupted(ctx, o, err), domain)
}

// abort ends the job of a container, on a connection of its own: that of a context that has ended is closed.
func (a *app) abort(ctx context.Context, p client.Path) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	d, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return d.AbortJob(ctx, p)
}

// interrupted returns the error of an unshift that the user has ended: berthd does not carry that out.
func interrupted(ctx context.Context, o client.UnshiftOptions, err error) error {
	switch {
	case err == nil || ctx.Err() == nil:
		return err
	case o.DryRun:
		return errors.New("interrupted: nothing was changed")
	}
	return errors.New("interrupted: some files have plain owners, no container starts with the directory, and the next call goes on, without --from")
}

// counting shows on a terminal how many files were looked at, if that takes longer than a second. done removes it.
func (a *app) counting(ctx context.Context, d Daemon, t target) (done func()) {
	return a.eachSecond("", func() string {
		info, err := d.Info(ctx, t.path)
		if err != nil || info.RelabelProgress == 0 {
			return ""
		}
		return fmt.Sprintf("The owners of the root of domain '%s': %d files", printable(info.Name), info.RelabelProgress)
	})
}

func (a *app) printUnshifted(u client.Unshifted, dry, asJSON bool) error {
	if asJSON {
		return a.printJSON(jsonUnshifted{u.Path, u.From, u.Files, u.Changed, u.Left, unlessZero(u.Example), u.Dropped, unlessZero(u.DroppedExample), dry})
	}
	verb := "got"
	if dry {
		verb = "would get"
	}
	fmt.Fprintf(a.out, "%s: %d of %d files %s plain owners, from the ids that begin at %d\n", printable(u.Path), u.Changed, u.Files, verb, u.From)
	if u.Left > 0 {
		fmt.Fprintf(a.Err, "warning: %d files belong to ids that are neither of those nor plain, such as %s\n", u.Left, printable(u.Example))
	}
	if u.Dropped > 0 {
		verb := "lost"
		if dry {
			verb = "would lose"
		}
		fmt.Fprintf(a.Err, "warning: %d files with several names %s their setuid and setgid bits and capabilities, such as %s\n", u.Dropped, verb, printable(u.DroppedExample))
	}
	return nil
}
