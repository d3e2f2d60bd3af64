package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// metadata has the calls for what definitions say for people and programs.
type metadata interface {
	GetMetadata(ctx context.Context, p client.Path, kind, uri string, o client.TuneOptions) (string, error)
	SetMetadata(ctx context.Context, p client.Path, m client.Metadata, o client.TuneOptions) error
}

func (a *app) metadataCommands() []*cobra.Command {
	return []*cobra.Command{a.descCommand(), a.metadataCommand()}
}

// reads returns which definition a command reads. With both options it is the stored one, as in virsh.
func (f *affected) reads() client.TuneOptions {
	return client.TuneOptions{Live: f.live && !f.config, Config: f.config}
}

// changes returns which definitions a command changes.
func (f *affected) changes() client.TuneOptions {
	return client.TuneOptions{Live: f.live, Config: f.config}
}

func (a *app) descCommand() *cobra.Command {
	var f affected
	var title, edited bool
	cmd := &cobra.Command{Use: "desc", Short: "Print or change the description or the title of a container"}
	f.add(cmd)
	cmd.Flags().BoolVar(&title, "title", false, "the title instead of the description")
	cmd.Flags().BoolVar(&edited, "edit", false, "change it in an editor")
	text := &operand{name: "new-desc", about: "the new `TEXT`", optional: true, many: true}
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		m := client.Metadata{Kind: "description", Value: strings.Join(text.values, " ")}
		if title {
			m.Kind = "title"
		}
		before := m.Value
		if !text.given {
			var err error
			before, err = d.GetMetadata(ctx, t.path, m.Kind, "", f.reads())
			if err != nil && client.NameOf(err) != contract.ErrorNoSuchMetadata {
				return err
			}
		}
		switch {
		case edited:
			var err error
			if m.Value, err = a.editText(ctx, before); err != nil {
				return err
			}
			if m.Value == before {
				a.say("Domain %s not changed", m.Kind)
				return nil
			}
		case !text.given:
			return a.printDescription(ctx, d, t, m.Kind, before)
		}
		if err := a.setMetadata(ctx, d, t, m, f.changes(), edited); err != nil {
			return err
		}
		a.say("Domain %s updated successfully", m.Kind)
		return nil
	}, text)
}

func (a *app) printDescription(ctx context.Context, d Daemon, t target, kind, text string) error {
	if text != "" {
		fmt.Fprintln(a.out, text)
		return nil
	}
	name, err := t.called(ctx, d)
	if err == nil {
		a.say("No %s for domain: %s", kind, printable(name))
	}
	return err
}

func (a *app) metadataCommand() *cobra.Command {
	var f affected
	var key, set string
	var edited, remove bool
	cmd := &cobra.Command{Use: "metadata", Short: "Print or change an element of the metadata of a container"}
	f.add(cmd)
	cmd.Flags().StringVar(&key, "key", "", "`KEY`, the prefix that the names of the element get")
	cmd.Flags().StringVar(&set, "set", "", "the new element, as `XML`")
	cmd.Flags().BoolVar(&edited, "edit", false, "change it in an editor")
	cmd.Flags().BoolVar(&remove, "remove", false, "remove it")
	uri := &operand{name: "uri", about: "`URI` of the namespace of the element"}
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		given := cmd.Flags().Changed("set")
		for _, pair := range [][2]string{{"edit", "set"}, {"remove", "set"}, {"remove", "edit"}} {
			if err := exclusive(cmd, pair[0], pair[1]); err != nil {
				return err
			}
		}
		if (given || edited) && key == "" {
			return errors.New("namespace key is required when modifying metadata")
		}
		m := client.Metadata{Kind: "element", Value: set, Key: key, URI: uri.value}
		if !given && !remove {
			before, err := d.GetMetadata(ctx, t.path, m.Kind, m.URI, f.reads())
			missing := client.NameOf(err) == contract.ErrorNoSuchMetadata
			switch {
			case missing && !edited:
				return errors.New("metadata not found: Requested metadata element is not present")
			case err != nil && !missing:
				return err
			case !edited:
				fmt.Fprintln(a.out, before)
				return nil
			}
			if m.Value, err = a.editText(ctx, before); err != nil {
				return err
			}
			if m.Value == before {
				a.say("Metadata not changed")
				return nil
			}
		}
		if err := a.setMetadata(ctx, d, t, m, f.changes(), edited); err != nil {
			return err
		}
		if m.Value == "" {
			a.say("Metadata removed")
		} else {
			a.say("Metadata modified")
		}
		return nil
	}, uri)
}

// setMetadata sets what was given or edited. While an editor runs, the interrupts of the terminal are the editor's.
// They end ctx, and with it d: what was edited is set by another connection.
func (a *app) setMetadata(ctx context.Context, d Daemon, t target, m client.Metadata, o client.TuneOptions, edited bool) error {
	if edited && ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx)
		another, err := a.connect(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = another.Close() }()
		d = another
	}
	return begun(ctx, d.SetMetadata(ctx, t.path, m, o))
}

// editText has the user edit a text, and returns it without the end of its last line.
func (a *app) editText(ctx context.Context, text string) (string, error) {
	// In a directory of its own: an editor writes a new file, and another user must not write one in its place.
	dir, err := os.MkdirTemp("", "berth-edit-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	e := &edit{app: a, file: filepath.Join(dir, "text")}
	if err := os.WriteFile(e.file, []byte(text+"\n"), 0o600); err != nil {
		return "", err
	}
	if err := e.open(context.WithoutCancel(ctx)); err != nil { // the interrupts of the terminal are the editor's
		return "", err
	}
	edited, err := a.readAll(e.file)
	return strings.TrimSuffix(edited, "\n"), err
}
