package namespace

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestEntryOrder: of a process with a user namespace of its own, the namespaces that this one does not own come before
// it; of a process without, the order stays.
func TestEntryOrder(t *testing.T) {
	t.Parallel()
	const order = "user ipc uts net pid mnt"
	for name, c := range map[string]struct {
		flags uintptr
		want  string
	}{
		"a user namespace that owns two": {syscall.CLONE_NEWUSER | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC, "net pid mnt user ipc uts"},
		"one that owns none":             {syscall.CLONE_NEWUSER, "ipc uts net pid mnt user"},
		"none":                           {0, order},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("cat")
			cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: c.flags}
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = in.Close(); _ = cmd.Wait() }()
			var files []*os.File
			for kind := range strings.FieldsSeq(order) {
				f, err := os.Open(filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "ns", kind))
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = f.Close() }()
				files = append(files, f)
			}
			var got []string
			for _, f := range EntryOrder(files) {
				got = append(got, filepath.Base(f.Name()))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

// TestEntryOrderOfOthers: files that are no namespaces stay where they are.
func TestEntryOrderOfOthers(t *testing.T) {
	t.Parallel()
	var files []*os.File
	for range 2 {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Close() }()
		files = append(files, f)
	}
	if got := EntryOrder(files); len(got) != 2 || got[0] != files[0] || got[1] != files[1] {
		t.Errorf("got %v", got)
	}
}
