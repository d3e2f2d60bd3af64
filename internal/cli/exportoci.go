package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/export/oci"
	"github.com/berthd/berth/internal/shellword"
)

// jsonBundle is the output of export-oci --json.
type jsonBundle struct {
	Bundle   string        `json:"bundle"`
	Warnings []jsonWarning `json:"warnings"`
}

func (a *app) exportCommands() []*cobra.Command {
	return []*cobra.Command{a.exportOCICommand(), a.exportNspawnCommand()}
}

func (a *app) exportOCICommand() *cobra.Command {
	var o exporting
	cmd := &cobra.Command{Use: "export-oci", Short: "Write a container as an OCI bundle, for runc and crun"}
	o.add(cmd)
	dir := &operand{name: "dir", about: "`DIR` to write, which is not there yet or empty", complete: completePath}
	return a.domainCommand(cmd, nameUUIDOrID, fitting{}, func(ctx context.Context, d Daemon, t target) error {
		s, host, err := a.exported(ctx, d, t.path, o.definition())
		if err != nil {
			return err
		}
		bundle, warnings, err := oci.Convert(s, host)
		if err != nil {
			return err
		}
		if err := writeBundle(bundle, dir.value); err != nil {
			return err
		}
		if o.json {
			return a.printJSON(jsonBundle{dir.value, jsonWarnings(warnings)})
		}
		a.warnOf(warnings)
		a.say("Domain '%s' exported to %s; to run it: runc --systemd-cgroup run --bundle %s %s", printable(s.Def.Name), printable(dir.value), shellword.Quote(dir.value), s.Def.MachineName())
		return nil
	}, dir)
}

// writeBundle makes a bundle's directory. The directory comes as a whole or not at all. It returns an error if there is
// something in it.
func writeBundle(b *oci.Bundle, dir string) (err error) {
	dir = filepath.Clean(dir)
	switch entries, err := os.ReadDir(dir); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty; give a directory that is, or that is not there yet", dir)
	}
	config, err := json.MarshalIndent(b.Config, "", "  ")
	if err != nil {
		return err
	}
	half, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(half))
		}
	}()
	// The root of a user namespace must come through.
	if err := os.Chmod(half, 0o755); err != nil { //nolint:gosec // see above
		return err
	}
	// The environment may have secrets.
	if err := os.WriteFile(filepath.Join(half, "config.json"), append(config, '\n'), 0o600); err != nil {
		return err
	}
	for _, name := range b.Directories {
		if err := os.MkdirAll(filepath.Join(half, name), 0o755); err != nil { //nolint:gosec // see above
			return err
		}
	}
	for name, text := range b.Files {
		path := filepath.Join(half, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // see above
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o444); err != nil { //nolint:gosec // all in the container may read them
			return err
		}
	}
	if err := unix.Rename(half, dir); err != nil { // over an empty directory, which os.Rename never does
		return &os.LinkError{Op: "rename", Old: half, New: dir, Err: err}
	}
	return nil
}
