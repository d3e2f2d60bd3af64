package shell

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// fakeVirsh behaves as virsh does with a pipe for its input: it repeats each line after its prompt, and its errors come
// between the lines.
const fakeVirsh = `#!/bin/sh
printf 'Welcome to virsh\n\n'
while read -r command rest; do
	printf 'virsh # %s %s\n' "$command" "$rest"
	case $command in
	echo) echo "$rest" ;;
	dumpxml) printf "<domain>\n  <name>x</name>\n</domain>\n\n" ;;
	define) printf 'error: Failed to define\nerror: (domain):7: no\n  <x\n----^\n' >&2 ;;
	convert) printf '<domain/>\nwarning: a is lost\nwarning: b is\n' ;;
	die) exit 1 ;;
	esac
done
`

// TestRun: a command's output, all lines of its error and its warnings are told apart, and the end of the program is an
// error.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "virsh"), []byte(fakeVirsh), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	s, err := Open("virsh")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, tt := range []struct {
		command string
		want    Result
	}{
		{"dumpxml x", Result{Out: "<domain>\n  <name>x</name>\n</domain>"}},
		{"define x", Result{Failed: "Failed to define\n(domain):7: no\n  <x\n----^"}},
		{"convert x", Result{Out: "<domain/>", Warnings: []string{"a is lost", "b is"}}},
		{"nothing", Result{}},
	} {
		got, err := s.Run(tt.command)
		if err != nil || got.Out != tt.want.Out || got.Failed != tt.want.Failed || !slices.Equal(got.Warnings, tt.want.Warnings) {
			t.Errorf("%s: %+v, %v", tt.command, got, err)
		}
	}
	if err := s.Do("define x"); err == nil || err.Error() != "virsh define x: Failed to define; (domain):7: no;   <x; ----^" {
		t.Errorf("an error is %v", err)
	}
	if _, err := s.Run("die"); err == nil || !s.Broken() {
		t.Errorf("the end of the program is %v", err)
	}
}
