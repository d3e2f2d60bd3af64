package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/lxcconf/syntax"
)

// converter converts configurations of other programs.
type converter interface {
	ConvertNative(ctx context.Context, format, text string, o client.NativeOptions) (client.Native, error)
}

// jsonNative is the output of domxml-from-native --json.
type jsonNative struct {
	XML      string     `json:"xml"`
	Warnings []jsonLost `json:"warnings"`
}

type jsonLost struct {
	File string  `json:"file"`
	Line *uint32 `json:"line"`
	Text string  `json:"text"`
}

// fromNativeCommand returns domxml-from-native.
func (a *app) fromNativeCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "domxml-from-native", Short: "Convert a configuration of LXC or nspawn to domain XML"}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, with the warnings")
	format := &operand{name: "format", about: "`FORMAT` of the configuration: lxc-tools or nspawn", complete: completeWords("lxc-tools", "nspawn")}
	config := &operand{name: "config", about: "`CONFIG`, the file to convert, - for standard input", complete: completePath}
	addOperands(cmd, format, config)
	a.runOnFile(cmd, config, func(ctx context.Context, d Daemon, text string) error {
		o := client.NativeOptions{File: config.value, Name: nameOfConfig(config.value)}
		switch format.value {
		case "lxc-tools":
			if err := a.readIncluded(text, &o); err != nil {
				return err
			}
		case "nspawn": // the root is where machinectl looks for it
			o.Name = strings.TrimSuffix(filepath.Base(config.value), ".nspawn")
			o.Root = "/var/lib/machines/" + o.Name
		}
		n, err := d.ConvertNative(ctx, format.value, text, o)
		if err != nil {
			return err
		}
		return a.printNative(n, asJSON)
	})
	return cmd
}

// nameOfConfig returns the name of a container whose configuration has none: LXC's is DIRECTORY/NAME/config.
func nameOfConfig(file string) string {
	if full, err := filepath.Abs(file); err == nil && filepath.Base(full) == "config" {
		return filepath.Base(filepath.Dir(full))
	}
	return ""
}

// readIncluded reads the files that a configuration names, as the caller: berthd reads none. A file that cannot be read
// becomes a warning.
func (a *app) readIncluded(text string, o *client.NativeOptions) error {
	o.Files, o.Unread = map[string]string{}, map[string]string{}
	_, err := syntax.Read(o.File, text, func(name string) ([]syntax.Source, error) {
		list, err := a.included(name)
		switch {
		case err != nil:
			if of, is := errors.AsType[*fs.PathError](err); is {
				err = of.Err
			}
			o.Unread[name] = err.Error()
			return nil, err
		case len(list) == 0:
			o.Files[filepath.Clean(name)+"/"] = ""
		}
		for _, s := range list {
			o.Files[s.Name] = s.Text
		}
		return list, nil
	})
	return err
}

// included reads a file, or those of a directory.
func (a *app) included(name string) (list []syntax.Source, err error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	files := []string{name}
	switch {
	case info.IsDir():
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, err
		}
		files = nil
		for _, e := range entries { // in order
			if syntax.IsIncluded(e.Name()) {
				files = append(files, filepath.Join(name, e.Name()))
			}
		}
	case !info.Mode().IsRegular():
		return nil, errors.New("it is neither a file nor a directory")
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() || info.Size() > syntax.MaxBytes {
			return nil, fmt.Errorf("%s is no configuration file", file)
		}
		text, err := a.readAll(file)
		if err != nil {
			return nil, err
		}
		list = append(list, syntax.Source{Name: file, Text: text})
	}
	return list, nil
}

func (a *app) printNative(n client.Native, asJSON bool) error {
	if asJSON {
		out := jsonNative{n.XML, make([]jsonLost, len(n.Warnings))}
		for i, w := range n.Warnings {
			out.Warnings[i] = jsonLost{w.File, unlessZero(w.Line), w.Text}
		}
		return a.printJSON(out)
	}
	fmt.Fprintln(a.out, n.XML)
	for _, w := range n.Warnings {
		where := w.File
		if w.Line != 0 {
			where = fmt.Sprintf("%s:%d", w.File, w.Line)
		}
		a.warn(where, w.Text)
	}
	return nil
}
