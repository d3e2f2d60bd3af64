package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
)

// maxXML is the largest XML file, in bytes. It is far above every definition. It is below 32 MiB, at
// which the bus closes the connection without giving a reason.
const maxXML = 16 << 20

func (a *app) defineCommands() []*cobra.Command {
	return []*cobra.Command{
		a.fileCommand("define", "Define a container, or change its definition, from XML", Daemon.Define, "defined"),
		a.createCommand(),
	}
}

func (a *app) createCommand() *cobra.Command {
	var p passing
	cmd := a.fileCommand("create", "Start a transient container from XML", func(d Daemon, ctx context.Context, xml string) (client.Path, error) {
		list, err := p.list(a.Getenv)
		switch {
		case err != nil:
			return "", err
		case len(list) == 0:
			return d.Create(ctx, xml)
		}
		path, err := d.CreateWith(ctx, xml, list)
		return path, p.explain(err)
	}, "created")
	p.add(cmd)
	return cmd
}

func (a *app) fileCommand(use, short string, do func(Daemon, context.Context, string) (client.Path, error), done string) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short}
	o := &operand{name: "file", about: "`FILE` with the domain XML, - for standard input", complete: completeXMLFile}
	addOperands(cmd, o)
	var validate bool
	addValidate(cmd, &validate)
	if use == "create" {
		a.start.add(cmd)
	}
	a.runOnFile(cmd, o, func(ctx context.Context, d Daemon, xml string) error {
		if validate {
			against, err := a.schema(ctx, xml, o.value)
			if err != nil {
				return err
			}
			if len(against) > 0 {
				return errSchema(against, o.value)
			}
		}
		path, err := do(d, ctx, xml)
		if err := begun(ctx, err); err != nil {
			return err
		}
		if !a.quiet {
			a.say("Domain '%s' %s from %s", printable(nameAt(ctx, d, path)), done, printable(o.value))
		}
		a.warnWithoutEffect(ctx, d, xml, o.value, false)
		return a.started(ctx, d, target{path: path})
	})
	return cmd
}

// nameAt returns the container's name. It returns the uuid from the path if it cannot get the name: the
// command has succeeded, and a transient container may have ended already.
func nameAt(ctx context.Context, d Daemon, path client.Path) string {
	if info, err := d.Info(ctx, path); err == nil {
		return info.Name
	}
	leaf := string(path[strings.LastIndexByte(string(path), '/')+1:])
	return strings.ReplaceAll(strings.TrimPrefix(leaf, "_"), "_", "-")
}

// runOnFile makes a command run do with berthd and the text of a file, which is read first.
func (a *app) runOnFile(cmd *cobra.Command, file *operand, do func(ctx context.Context, d Daemon, text string) error) {
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ctx := cmd.Context()
		text, err := a.readXML(ctx, file.value)
		if err != nil {
			return err
		}
		d, err := a.connect(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = d.Close() }()
		return do(ctx, d, text)
	}
}

// readXML reads a whole file. If ctx ends first it returns ctx's cause: a terminal or a pipe may never
// end. The goroutine that reads then ends with the process.
func (a *app) readXML(ctx context.Context, name string) (string, error) {
	type result struct {
		text string
		err  error
	}
	read := make(chan result, 1)
	go func() {
		text, err := a.readAll(name)
		read <- result{text, err}
	}()
	select {
	case r := <-read:
		return r.text, r.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func (a *app) readAll(name string) (string, error) {
	from := a.In
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer func() { _ = file.Close() }()
		if info, err := file.Stat(); err == nil && info.Size() > maxXML {
			return "", tooLarge(name)
		}
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, maxXML+1))
	switch {
	case err != nil: // err names the file
		return "", err
	case len(text) > maxXML:
		return "", tooLarge(name)
	case !utf8.Valid(text) || strings.ContainsRune(string(text), 0):
		return "", fmt.Errorf("read %s: %w", name, client.ErrNotText)
	}
	return string(text), nil
}

func tooLarge(name string) error {
	return fmt.Errorf("read %s: it is larger than %d MiB", name, maxXML>>20)
}
