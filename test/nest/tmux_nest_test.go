//go:build nest

package nest

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// window is a terminal of tmux, with a shell.
type window struct {
	t      *testing.T
	socket string
}

func newWindow(t *testing.T, width, height int) *window {
	t.Helper()
	w := &window{t, filepath.Join(t.TempDir(), "tmux")}
	w.tmux("-f", "/dev/null", "new-session", "-d", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height),
		"env LC_ALL=C.UTF-8 PS1='prompt> ' bash --norc --noprofile -i")
	t.Cleanup(func() { w.tmux("kill-server") })
	w.shows("prompt>")
	return w
}

func (w *window) tmux(args ...string) string {
	w.t.Helper()
	return run(w.t, "tmux", append([]string{"-u", "-S", w.socket}, args...)...)
}

// types types keys by their names in tmux; a text is a key for each character.
func (w *window) types(keys ...string) {
	w.t.Helper()
	w.tmux(append([]string{"send-keys"}, keys...)...)
}

func (w *window) text() string {
	w.t.Helper()
	return w.tmux("capture-pane", "-p")
}

// is waits until the window fulfils a condition, and returns its text then.
func (w *window) is(what string, condition func(text string) bool) string {
	w.t.Helper()
	text := ""
	eventually(w.t, func() error {
		if text = w.text(); !condition(text) {
			return fmt.Errorf("%s: the window has\n%s", what, text)
		}
		return nil
	})
	return text
}

// shows waits until the window shows a text.
func (w *window) shows(part string) string {
	w.t.Helper()
	return w.is("no "+part, func(text string) bool { return strings.Contains(text, part) })
}

// settled returns the settings of the terminal, once the shell has it.
func (w *window) settled(mark string) string {
	w.t.Helper()
	w.is("no prompt", func(text string) bool { return strings.HasSuffix(text, "prompt>") })
	w.types("clear; echo "+mark+"=$(stty -g | tr : _)=", "Enter")
	found := regexp.MustCompile(mark + `=([0-9a-f_]+)=`)
	text := w.is("no settings", func(text string) bool { return found.MatchString(strings.ReplaceAll(text, "\n", "")) })
	return found.FindStringSubmatch(strings.ReplaceAll(text, "\n", ""))[1]
}
