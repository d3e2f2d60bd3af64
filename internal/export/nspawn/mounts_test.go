package nspawn

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestMountsOnTheHost: each command of a workaround that mounts something on the host takes devices away.
func TestMountsOnTheHost(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, command := range regexp.MustCompile(`(?m)^ .*\bmount (-o \S+)?.*$`).FindAllStringSubmatch(string(text), -1) {
			seen++
			if !regexp.MustCompile(`\bnodev\b`).MatchString(command[1]) {
				t.Errorf("%s: %s", file, command[0])
			}
		}
	}
	if seen < 2 {
		t.Errorf("only %d commands", seen)
	}
}
