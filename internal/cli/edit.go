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

// edit is one run of the command edit.
type edit struct {
	*app
	path     client.Path
	name     string // printable
	file     string // with what the user edits
	original string // the stored definition that the user began with
	previous string // the same, or "" if the user wants to replace another one
}

func (a *app) editCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "edit", Short: "Edit the stored definition of a container"}
	persistent := true
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
		// In a directory of its own: an editor writes a new file, and another user must not write one in its place.
		dir, err := os.MkdirTemp("", "berth-edit-")
		if err != nil {
			return err
		}
		e := &edit{app: a, path: t.path, name: printable(info.Name), file: filepath.Join(dir, info.Name+".xml"), original: xml, previous: xml}
		if err := os.WriteFile(e.file, []byte(strings.TrimSuffix(xml, "\n")+"\n"), 0o600); err != nil {
			return errors.Join(err, os.RemoveAll(dir))
		}
		// The interrupts of the terminal are the editor's.
		kept, err := e.run(context.WithoutCancel(ctx))
		if kept {
			return errors.Join(err, fmt.Errorf("what you have written is kept in %s", printable(e.file)))
		}
		return errors.Join(err, os.RemoveAll(dir))
	})
}

// run lets the user edit until the definition is stored, unchanged or given up. kept is true if the file has
// something that is not stored.
func (e *edit) run(ctx context.Context) (kept bool, err error) {
	for ask := e.edit; ; {
		editErr := ask(ctx)
		text, err := e.readAll(e.file)
		unchanged := errors.Is(err, fs.ErrNotExist) || err == nil && strings.TrimSpace(text) == strings.TrimSpace(e.original)
		switch {
		case editErr != nil:
			return !unchanged, editErr
		case unchanged:
			e.say("Domain '%s' XML configuration not changed.", e.name)
			return false, nil
		case err == nil:
			err = e.store(ctx, text)
		}
		if err == nil {
			e.say("Domain '%s' XML configuration edited.", e.name)
			return false, nil
		}
		fmt.Fprintf(e.Err, "error: %s\n", e.report(err))
		switch choice := e.choose(ctx, client.NameOf(err) == contract.ErrorChanged); choice {
		case giveUp:
			return true, fmt.Errorf("the definition of domain '%s' was not changed", e.name)
		case replace:
			e.previous, ask = "", func(context.Context) error { return nil }
		case editAgain:
			ask = e.edit
		}
	}
}

// choice is what to do about a definition that was refused.
type choice int

const (
	giveUp choice = iota
	editAgain
	replace // what was stored meanwhile
)

// edit runs the user's editor. It may have arguments, as in "emacs -nw".
func (e *edit) edit(ctx context.Context) error {
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
	d, err := e.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return d.Redefine(ctx, e.path, e.previous, xml)
}

// choose asks what to do about a definition that was refused. changed is true if another one was stored meanwhile.
func (e *edit) choose(ctx context.Context, changed bool) choice {
	if !e.Asks {
		return giveUp
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	choices := "y,n,?"
	if changed {
		choices = "y,n,f,?"
	}
	for {
		fmt.Fprintf(e.Err, "Try again? [%s]: ", choices)
		switch word := e.answer(ctx); {
		case word == "y":
			return editAgain
		case word == "f" && changed:
			return replace
		case word == "n":
			return giveUp
		}
		fmt.Fprintln(e.Err, "y - yes, edit it again\nn - no, give up; the file is kept")
		if changed {
			fmt.Fprintln(e.Err, "f - force: replace what was stored meanwhile")
		}
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
