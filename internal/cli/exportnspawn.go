package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/export/nspawn"
	"github.com/berthd/berth/internal/shellword"
)

// exporting are the options of all exports.
type exporting struct{ inactive, json bool }

func (o *exporting) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.inactive, "inactive", false, "use the stored definition, not the running one")
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON, with the warnings")
}

func (o *exporting) definition() client.Definition {
	if o.inactive {
		return client.Inactive
	}
	return client.Live
}

// jsonNspawn is the output of export-nspawn --json.
type jsonNspawn struct {
	Machine  string        `json:"machine"`
	Path     string        `json:"path"`
	Settings string        `json:"settings"`
	UnitPath string        `json:"unit_path"`
	Unit     string        `json:"unit"`
	Command  []string      `json:"command"`
	Warnings []jsonWarning `json:"warnings"`
}

func (a *app) exportNspawnCommand() *cobra.Command {
	var o exporting
	var unit string
	cmd := &cobra.Command{Use: "export-nspawn", Short: "Write a container as a settings file of systemd-nspawn"}
	o.add(cmd)
	cmd.Flags().StringVar(&unit, "unit", "", "write the drop-in of its service to `FILE`, - for standard output")
	_ = cmd.RegisterFlagCompletionFunc("unit", completePath) // the only error is that there is no such flag
	file := &operand{name: "file", about: "`FILE` to write, - for standard output", optional: true, complete: completePath}
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		to := file.value
		switch {
		case o.json && (to != "" || unit != ""):
			return errors.New("with --json nothing is written to a file")
		case to == "" && unit == "":
			to = "-"
		case to == "-" && unit == "-":
			return errors.New("one of the settings and the unit can go to standard output; give the other a file")
		}
		s, host, err := a.exported(ctx, d, t.path, o.definition())
		if err != nil {
			return err
		}
		f, warnings := nspawn.Convert(s, host)
		if o.json {
			return a.printJSON(jsonNspawn{f.Machine, f.Path(), f.Settings, f.UnitPath(), f.DropIn, f.Command, jsonWarnings(warnings)})
		}
		if err := a.writeTexts([]newFile{{to, f.Settings, 0o600}, {unit, f.DropIn, 0o644}}); err != nil {
			return err
		}
		a.warnOf(warnings)
		a.explainNspawn(f)
		return nil
	}, file)
}

// explainNspawn says where the files belong, and how the container is started.
func (a *app) explainNspawn(f *nspawn.File) {
	if a.quiet {
		return
	}
	words := make([]string, len(f.Command))
	for i, w := range f.Command {
		words[i] = printable(shellword.Quote(w))
	}
	fmt.Fprintf(a.Err, "note: the settings hold whole in %s only; beside the root, those that give rights are ignored\n", printable(f.Path()))
	fmt.Fprintf(a.Err, "note: the root and the limits are in the drop-in (--unit), which belongs to %s; then: systemctl daemon-reload; systemctl start systemd-nspawn@%s\n", printable(f.UnitPath()), f.Machine)
	fmt.Fprintf(a.Err, "note: without the service, and without limits: %s\n", strings.Join(words, " "))
}

// newFile is a text and where it goes: a file that is not there yet, - for standard output, or nowhere. The settings
// have the environment, which may have secrets. What units say everybody may ask systemd.
type newFile struct {
	path, text string
	mode       os.FileMode
}

// writeTexts writes each text, or none: what has been written is removed if one cannot be.
func (a *app) writeTexts(list []newFile) (err error) {
	var made []string
	defer func() {
		if err != nil {
			for _, path := range made {
				err = errors.Join(err, os.Remove(path))
			}
		}
	}()
	for _, f := range list {
		switch f.path {
		case "":
		case "-":
			fmt.Fprint(a.out, f.text)
		default:
			if err := createWhole(f); err != nil {
				return err
			}
			made = append(made, f.path)
		}
	}
	return nil
}

// createWhole makes a file and the directories that it is in. It returns an error if the file is there.
func createWhole(f newFile) error {
	path := f.path
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // systemd's directories are for everybody
		return err
	}
	half, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = half.WriteString(f.text)
	err = errors.Join(err, half.Chmod(f.mode), half.Close())
	if err == nil {
		err = renameNew(half.Name(), path, unix.Renameat2)
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, os.ErrExist) {
		err = fmt.Errorf("%s is there already; remove it, or give another file", path)
	}
	return errors.Join(err, os.Remove(half.Name()))
}

// renameNew renames a file to a name that nothing has. A file system that cannot do that in one step, as NFS, has hard
// links. Its error names the file.
func renameNew(from, to string, renameat2 func(int, string, int, string, uint) error) error {
	err := renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	switch {
	case errors.Is(err, unix.EINVAL):
		if err := os.Link(from, to); err != nil {
			return err
		}
		if err := os.Remove(from); err != nil {
			return errors.Join(err, os.Remove(to))
		}
		return nil
	case err != nil:
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}
