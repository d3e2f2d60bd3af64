package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module = "github.com/berthd/berth"
	top    = "../.."
)

// pkg is what the rules need of `go list -json`.
type pkg struct {
	ImportPath string
	Dir        string
	Name       string
	Imports    []string
	Deps       []string
	GoFiles    []string
	Standard   bool
}

// short is the import path within the module, "" for a package of somebody else.
func short(path string) string {
	if path == module {
		return "."
	}
	rest, ok := strings.CutPrefix(path, module+"/")
	if !ok {
		return ""
	}
	return rest
}

// list gives packages by `go list`.
func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json"}, args...)...)
	cmd.Dir = top
	// The lists of what is linked must be those of a release, whatever the machine is.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOFLAGS=")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v: %s", args, err, &complaints)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

// files gives every file of the repository that a person wrote, relative to its top.
func files(t *testing.T) []string {
	t.Helper()
	built := []string{".git", "bin", "build"}
	var found []string
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(top, path)
		switch {
		case err != nil:
			return err
		case slices.Contains(built, name) && entry.IsDir():
			return fs.SkipDir
		case slices.Contains(built, name): // in a work tree of git .git is a file
		case entry.Type().IsRegular():
			found = append(found, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 100 {
		t.Fatalf("only %d files below %s: this is not the repository", len(found), top)
	}
	return found
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// lines calls f with each line of a file and its place, for a message.
func lines(t *testing.T, name string, f func(place, line string)) {
	t.Helper()
	n := 0
	for line := range strings.Lines(read(t, name)) {
		n++
		f(fmt.Sprintf("%s:%d", name, n), strings.TrimSuffix(line, "\n"))
	}
}
