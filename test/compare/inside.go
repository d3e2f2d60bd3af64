package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/berthd/berth/test/shell"
)

// replies are those of both programs.
type replies struct {
	Versions  versions
	Documents map[string]struct{ Libvirt, Berth reply } // by their names
}

// versions are what was compared.
type versions struct {
	Libvirt string `json:"libvirt"`
	Berth   string `json:"berth"`
}

// answer writes the replies to the documents of a directory, as JSON.
func answer(w io.Writer, dir string) error {
	if err := prepareLibvirt(); err != nil {
		return err
	}
	libvirt, err := startLibvirtd()
	if err != nil {
		return err
	}
	defer func() { libvirt.Close() }()
	berthctl, err := shell.Open("berthctl")
	if err != nil {
		return err
	}
	defer berthctl.Close()
	all := replies{Documents: map[string]struct{ Libvirt, Berth reply }{}}
	if all.Versions, err = readVersions(); err != nil {
		return err
	}
	err = filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		both := all.Documents[name]
		if both.Libvirt, libvirt, err = libvirt.reply(name, file); err != nil {
			return err
		}
		if both.Berth, err = ask1(berthctl, name, file); err != nil {
			return err
		}
		for _, r := range []*reply{&both.Libvirt, &both.Berth} {
			r.Refused = strings.ReplaceAll(r.Refused, file, filepath.Base(file))
			for i, w := range r.Warnings {
				r.Warnings[i] = strings.ReplaceAll(w, file, filepath.Base(file))
			}
		}
		all.Documents[name] = both
		return nil
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(all)
}

func readVersions() (v versions, err error) {
	for _, of := range []struct {
		program string
		into    *string
	}{{"libvirtd", &v.Libvirt}, {"berthctl", &v.Berth}} {
		out, err := exec.Command(of.program, "--version").Output()
		if err != nil {
			return v, fmt.Errorf("%s --version: %w", of.program, err)
		}
		words := strings.Fields(string(out)) // libvirtd says its name first
		if len(words) == 0 {
			return v, fmt.Errorf("%s --version prints nothing", of.program)
		}
		*of.into = words[len(words)-1]
	}
	return v, nil
}

// ask1 asks one of the two about one document. Both have the same commands.
func ask1(s *shell.Shell, name, file string) (reply, error) {
	if kind(name) == kindNative {
		r, err := s.Run("domxml-from-native lxc-tools " + file)
		return reply{XML: r.Out, Refused: r.Failed, Warnings: r.Warnings}, err
	}
	r, err := s.Run("define " + file)
	if err != nil || r.Failed != "" {
		return reply{Refused: r.Failed, Warnings: r.Warnings}, err
	}
	defined := reply{Warnings: r.Warnings}
	// The name in the document may be one that is an option on a command line.
	r, err = s.Run("list --all --uuid")
	if err != nil {
		return reply{}, err
	}
	uuid := strings.TrimSpace(r.Out)
	if len(strings.Fields(uuid)) != 1 {
		return reply{}, fmt.Errorf("%s: after define, these are defined: %q", name, uuid)
	}
	r, err = s.Run("dumpxml --inactive " + uuid)
	if defined.XML = r.Out; err == nil && r.Failed != "" {
		err = errors.New(r.Failed)
	}
	return defined, errors.Join(err, s.Do("undefine "+uuid))
}
