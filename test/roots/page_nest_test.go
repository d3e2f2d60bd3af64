//go:build nest

package roots

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// fence is the beginning of a block of commands that is run.
var fence = regexp.MustCompile("(?m)^```sh (.*)$")

// page is the text of docs/getting-started.md.
func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/getting-started.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// block gives the commands of a block.
func block(t *testing.T, name string) string {
	t.Helper()
	_, rest, found := strings.Cut(page(t), "\n```sh "+name+"\n")
	code, _, closed := strings.Cut(rest, "\n```\n")
	if !found || !closed {
		t.Fatalf("the page has no block %q", name)
	}
	return code + "\n"
}

// shell runs commands at the top of the repository, with $name, and gives what they print.
func shell(t *testing.T, name, text string) (string, error) {
	t.Helper()
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", text)
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "name="+name)
	out, err := cmd.CombinedOutput()
	t.Logf("%s%s", text, out)
	return string(out), err
}

// does runs a block, and checks that it prints the texts.
func does(t *testing.T, name, of string, wants ...string) string {
	t.Helper()
	out, err := shell(t, name, block(t, of))
	if err != nil {
		t.Fatalf("the block %q: %v", of, err)
	}
	for _, want := range wants {
		if !strings.Contains(out, want) {
			t.Errorf("the block %q does not print %q", of, want)
		}
	}
	return out
}
