package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
)

// edit is one run of the command edit or net-edit.
type edit struct {
	*app
	what     string // what has the definition, as virsh says it
	of       string // the same in a sentence of ours
	put      func(ctx context.Context, d Daemon, previous, xml string) error
	file     string // with what the user edits
	original string // the stored definition that the user began with
	previous string // the same, or "" if the user wants to replace another one
	validate bool   // nothing is stored that is against libvirt's schema, where that is installed
}

func (a *app) editCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "edit", Short: "Edit the stored definition of a container"}
	persistent, skip := true, false
	cmd.Flags().BoolVar(&skip, "skip-validate", false, "do not compare the XML with libvirt's schema")
	return a.domainCommand(cmd, nameUUIDOrID, fitting{Persistent: &persistent}, func(ctx context.Context, d Daemon, t target) error {
		info, err := d.Info(ctx, t.path)
		if err != nil {
			return err
		}
		if !info.Persistent {
			return fmt.Errorf("domain '%s' is transient, it has no stored definition", printable(info.Name))
		}
		xml, err := d.XML(ctx, t.path, client.Inactive)
		if err != nil {
			return err
		}
		name := printable(info.Name)
		return a.edit(ctx, info.Name, xml, &edit{
			what: "Domain '" + name + "'", of: "domain '" + name + "'", validate: !skip,
			put: func(ctx context.Context, d Daemon, previous, xml string) error {
				err := d.Redefine(ctx, t.path, previous, xml)
				if err == nil {
					a.warnWithoutEffect(ctx, d, xml, info.Name, false)
				}
				return err
			},
		})
	})
}

func (a *app) netEditCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "net-edit", Short: "Edit the stored definition of a network"}
	return a.netCommand(cmd, func(ctx context.Context, d Daemon, n client.Network) error {
		if !n.Persistent {
			return fmt.Errorf("network '%s' is transient, it has no stored definition", printable(n.Name))
		}
		xml, err := d.NetworkXML(ctx, n.Name, client.Inactive)
		if err != nil {
			return err
		}
		return a.edit(ctx, n.Name, xml, &edit{
			what: "Network " + printable(n.Name), of: "network '" + printable(n.Name) + "'",
			put: func(ctx context.Context, d Daemon, _, xml string) error {
				_, err := d.DefineNetwork(ctx, xml)
				return err
			},
		})
	})
}

// edit lets the user edit a definition, and stores what he makes of it.
func (a *app) edit(ctx context.Context, name, xml string, e *edit) error {
	// In a directory of its own: an editor writes a new file, and another user must not write one in its place.
	dir, err := os.MkdirTemp("", "berth-edit-")
	if err != nil {
		return err
	}
	e.app, e.file, e.original, e.previous = a, filepath.Join(dir, name+".xml"), xml, xml
	if err := os.WriteFile(e.file, []byte(strings.TrimSuffix(xml, "\n")+"\n"), 0o600); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	// The interrupts of the terminal are the editor's.
	kept, err := e.run(context.WithoutCancel(ctx))
	if kept {
		return errors.Join(err, fmt.Errorf("what you have written is kept in %s", printable(e.file)))
	}
	return errors.Join(err, os.RemoveAll(dir))
}

// run lets the user edit until the definition is stored, unchanged or given up. kept is true if the file has
// something that is not stored.
func (e *edit) run(ctx context.Context) (kept bool, err error) {
	for ask := e.open; ; {
		editErr := ask(ctx)
		text, err := e.readAll(e.file)
		unchanged := errors.Is(err, fs.ErrNotExist) || err == nil && strings.TrimSpace(text) == strings.TrimSpace(e.original)
		switch {
		case editErr != nil:
			return !unchanged, editErr
		case unchanged:
			e.say("%s XML configuration not changed.", e.what)
			return false, nil
		case err == nil:
			err = e.store(ctx, text)
		}
		if err == nil {
			e.say("%s XML configuration edited.", e.what)
			return false, nil
		}
		fmt.Fprintf(e.Err, "error: %s\n", e.report(err))
		again := func(context.Context) error { return nil } // with the text as it is
		switch e.choose(ctx, e.offers(err)) {
		case giveUp:
			return true, fmt.Errorf("the definition of %s was not changed", e.of)
		case replace:
			e.previous, ask = "", again
		case relax:
			e.validate, ask = false, again
		case editAgain:
			ask = e.open
		}
	}
}

// choice is what to do about a definition that was refused.
type choice int

const (
	giveUp choice = iota
	editAgain
	replace // what was stored meanwhile
	relax   // libvirt's schema is left out of it
)

// offer is one answer to the question what to do, in virsh's letters.
type offer struct {
	letter string
	choice choice
	text   string
}

// offers returns the answers that make sense after an error.
func (e *edit) offers(err error) []offer {
	list := []offer{{"y", editAgain, "yes, edit it again"}, {"n", giveUp, "no, give up; the file is kept"}}
	if errors.Is(err, errAgainstSchema) {
		list = append(list, offer{"i", relax, "ignore libvirt's schema, and store it as it is"})
	}
	if client.NameOf(err) == contract.ErrorChanged {
		list = append(list, offer{"f", replace, "force: replace what was stored meanwhile"})
	}
	return list
}

// open runs the user's editor. It may have arguments, as in "emacs -nw".
func (e *edit) open(ctx context.Context) error {
	editor := "vi"
	for _, name := range []string{"EDITOR", "VISUAL"} {
		if value := e.Getenv(name); value != "" {
			editor = value
		}
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", editor+` "$@"`, "sh", e.file)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = e.In, e.Out, e.Err
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("editor '%s': %w", printable(editor), err)
	}
	return nil
}

// store stores the definition, by a connection of its own: the bus may have been restarted since the edit began.
func (e *edit) store(ctx context.Context, xml string) error {
	if err := e.compare(ctx, xml); err != nil {
		return err
	}
	d, err := e.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return e.put(ctx, d, e.previous, xml)
}

// compare returns an error if the text is against libvirt's schema. It says nothing where that is missing: nobody asked
// for it.
func (e *edit) compare(ctx context.Context, xml string) error {
	if !e.validate || e.CheckSchema == nil {
		return nil
	}
	list, err := e.CheckSchema(ctx, xml)
	switch {
	case errors.Is(err, ErrNoSchema):
		return nil
	case err == nil && len(list) > 0:
		return errSchema(list, e.file)
	}
	return err
}

// choose asks what to do about a definition that was refused.
func (e *edit) choose(ctx context.Context, offers []offer) choice {
	if !e.Asks {
		return giveUp
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	letters, help := "", ""
	for _, o := range offers {
		letters += o.letter + ","
		help += o.letter + " - " + o.text + "\n"
	}
	for {
		fmt.Fprintf(e.Err, "Try again? [%s?]: ", letters)
		word := e.answer(ctx)
		for _, o := range offers {
			if word == o.letter {
				return o.choice
			}
		}
		fmt.Fprint(e.Err, help)
	}
}

// answer reads one line. It takes the end of the input, and an interrupt, for a no.
func (e *edit) answer(ctx context.Context) string {
	read := make(chan string, 1)
	go func() { // it ends with the process if nothing is typed
		line, err := readLine(e.In) // no byte more: what follows may be for the editor
		if err != nil && line == "" {
			line = "n"
		}
		read <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case word := <-read:
		return word
	case <-ctx.Done():
		fmt.Fprintln(e.Err)
		return "n"
	}
}

// readLine reads one line, without its end, and no byte more.
func readLine(in io.Reader) (string, error) {
	var line []byte
	for buf := make([]byte, 1); ; {
		n, err := in.Read(buf)
		switch {
		case n == 1 && buf[0] == '\n':
			return string(line), nil
		case n == 1:
			line = append(line, buf[0])
		case err != nil:
			return string(line), err
		}
	}
}
