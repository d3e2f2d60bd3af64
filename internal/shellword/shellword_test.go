package shellword

import (
	"os/exec"
	"testing"
)

// words has texts, and how they are written.
func words() map[string]string {
	return map[string]string{
		"/srv/a": "/srv/a", "a@b,c=d:e%f+g": "a@b,c=d:e%f+g", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$PID": "'$PID'", "a;b": "'a;b'",
		"~": "'~'", "*": "'*'", "a\nb": "'a\nb'", "-n": "-n", `\`: `'\'`, "é": "'é'",
	}
}

// TestQuote: a shell takes a quoted word as it was, and a word that needs no quotes has none.
func TestQuote(t *testing.T) {
	t.Parallel()
	for given, want := range words() {
		if got := Quote(given); got != want {
			t.Errorf("%q: %s", given, got)
		}
		read, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", "printf '%s' "+Quote(given)).Output()
		if err != nil && given != "-n" || given != "-n" && string(read) != given {
			t.Errorf("the shell reads %q of %q: %v", read, given, err)
		}
	}
}

// TestOperand: a word that begins like an option comes after the end of the options.
func TestOperand(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{"web": "web", "-web": "-- -web", "-a b": "-- '-a b'", "": "''"} {
		if got := Operand(given); got != want {
			t.Errorf("%q: %s", given, got)
		}
	}
}
