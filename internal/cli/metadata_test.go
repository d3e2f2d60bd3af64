package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestValidateFaults: validate prints each mistake with its place, and fails.
func TestValidateFaults(t *testing.T) {
	t.Parallel()
	f := fleet()
	f.faulty = true
	if got := run(t, f, "validate", "-"); got != (outcome{"-:2: domain/name: is empty\n-: and 3 more\n", "", 1}) {
		t.Errorf("%+v", got)
	}
	want := `"kind": "invalid",`
	if got := run(t, f, "validate", "-", "--json"); got.status != 1 || !strings.Contains(got.out, want) || !strings.Contains(got.out, `"line": null`) {
		t.Errorf("%+v", got)
	}
}

// TestDescEdit: desc --edit and metadata --edit give the text to the editor, and store what comes back, without the end
// of its last line; an unchanged text is not stored.
func TestDescEdit(t *testing.T) {
	t.Parallel()
	editor := filepath.Join(t.TempDir(), "editor")
	syscall.ForkLock.RLock() // a child of another test would have it open for writing until it executes: ETXTBSY
	err := os.WriteFile(editor, []byte("#!/bin/sh\nsed -i \"$SCRIPT\" \"$1\"\n"), 0o755)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		script, out, call string
		args              []string
	}{
		"description":        {"s/listens/talks/", "Domain description updated successfully\n", "SetMetadata web {description Serves & talks  } config", []string{"desc", "web", "--edit", "--config"}},
		"unchanged":          {"s/nothing/x/", "Domain title not changed\n", "", []string{"desc", "web", "--title", "--edit"}},
		"new":                {"s/$/more/", "Domain description updated successfully\n", "SetMetadata db {description more  }", []string{"desc", "db", "--edit"}},
		"element":            {"s/2024/2025/", "Metadata modified\n", "SetMetadata web {element <owner since='2025'/> app urn:app} live", []string{"metadata", "web", "urn:app", "--key", "app", "--edit", "--live"}},
		"element, unchanged": {"", "Metadata not changed\n", "", []string{"metadata", "web", "urn:app", "--key", "app", "--edit"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fleet()
			cfg := config(f)
			cfg.Getenv = func(name string) string {
				if name == "VISUAL" {
					return "SCRIPT='" + c.script + "' " + editor
				}
				return ""
			}
			got := runWith(t.Context(), cfg, c.args...)
			if got.out != c.out || got.status != 0 {
				t.Errorf("%+v; want %q", got, c.out)
			}
			if c.call != "" && !slices.Contains(f.calls, c.call) || c.call == "" && len(f.calls) != 2 {
				t.Errorf("calls: %q", f.calls)
			}
		})
	}
}

// TestDescEditInterrupt: an interrupt of the terminal is the editor's, and what it has written is stored all the same.
func TestDescEditInterrupt(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"desc", "web", "--edit"}, {"metadata", "web", "urn:app", "--key", "app", "--edit"}} {
		f := fleet()
		ctx, interrupt := context.WithCancel(t.Context())
		cfg := config(f)
		lost := connectedTo(&cfg, f)
		cfg.Getenv = func(name string) string {
			if name != "EDITOR" {
				return ""
			}
			interrupt()
			return "sed -i s/$/more/"
		}
		got := runWith(ctx, cfg, args...)
		if got.status != 0 || got.err != "" || len(lost()) > 0 || !strings.HasPrefix(f.calls[len(f.calls)-1], "SetMetadata web ") {
			t.Errorf("%v: %+v, %q; not made: %v", args, got, f.calls, lost())
		}
	}
}
