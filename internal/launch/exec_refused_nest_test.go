//go:build nest

package launch_test

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/berthd/berth/service"
)

// TestExecRefused: what cannot be executed is refused at once, with a reason, and with the status that shells have.
func TestExecRefused(t *testing.T) {
	b := newBox(t, "echo ready; exec sleep 1000")
	b.write(t, "bin/orphan", "#!/no/such/shell\n")
	b.write(t, "bin/wordless", "echo no first line\n")
	b.write(t, "bin/plain", "#!/bin/sh\n")
	if err := errors.Join(os.Chmod(b.root+"/bin/plain", 0o644), os.Mkdir(b.root+"/etc", 0o755), syscall.Mkfifo(b.root+"/etc/passwd", 0o644)); err != nil {
		t.Fatal(err)
	}
	s := b.run(t)
	b.says(t, "ready")
	for name, tc := range map[string]struct {
		command service.Command
		status  uint32
		says    string
	}{
		"missing":                {service.Command{Argv: []string{"/bin/missing"}}, 127, "/bin/missing: no such file in the container"},
		"missing in PATH":        {service.Command{Argv: []string{"missing"}}, 127, "missing: command not found in PATH"},
		"missing place":          {service.Command{Argv: []string{"/bin/sh/x"}}, 126, "/bin/sh/x: not a directory"},
		"a directory":            {service.Command{Argv: []string{"/bin"}}, 126, "/bin: is a directory"},
		"no interpreter":         {service.Command{Argv: []string{"orphan"}}, 126, "/bin/orphan: its interpreter (first line, after #!) or its loader is missing"},
		"no interpreter, PATH 2": {service.Command{Argv: []string{"orphan"}, Env: []string{"PATH=/no:/bin:/tmp"}}, 126, "/bin/orphan: its interpreter"},
		"no first line":          {service.Command{Argv: []string{"/bin/wordless"}}, 126, "/bin/wordless: neither a program of this machine nor a script that begins with #!"},
		"not executable":         {service.Command{Argv: []string{"plain"}}, 126, "/bin/plain: permission denied"},
		"no name":                {service.Command{Argv: []string{""}}, 127, "the command has no name"},
		"nothing":                {service.Command{}, 127, "the command has no name"},
		"no PATH":                {service.Command{Argv: []string{"ls"}, Env: []string{"PATH="}}, 127, "ls: command not found, PATH is empty"},
		"no directory":           {service.Command{Argv: []string{"ls"}, Dir: "/no"}, 126, "chdir /no: no such file or directory"},
		"the host by proc":       {service.Command{Argv: []string{"ls"}, Dir: "/proc/self/fd/3"}, 126, "chdir /proc/self/fd/3: no such file or directory"},
		"NUL":                    {service.Command{Argv: []string{"ls", "a\x00b"}}, 126, "has a NUL byte"},
		"too long":               {service.Command{Argv: []string{"ls", strings.Repeat("x", 1<<17)}}, 0, "wire: a message with"},
		"a user from a FIFO":     {service.Command{Argv: []string{"ls"}, User: "web"}, 126, "/etc/passwd in the container is not a regular file"},
	} {
		_, err := execute(t, s, tc.command, "")
		refused, _ := errors.AsType[*service.CommandError](err)
		if err == nil || !strings.Contains(err.Error(), tc.says) || (refused != nil) != (tc.status != 0) || refused != nil && refused.Status != tc.status {
			t.Errorf("%s: %#v: %v; want %d %q", name, err, err, tc.status, tc.says)
		}
	}
	if err := b.scope.Freeze(limited(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := execute(t, s, sh("exit 0"), ""); err == nil || !strings.Contains(err.Error(), "the container is suspended") {
		t.Errorf("suspended: %v", err)
	}
	if err := b.scope.Thaw(); err != nil {
		t.Fatal(err)
	}
	if got, err := execute(t, s, sh("exit 0"), ""); got.exit != ended(0) || err != nil {
		t.Errorf("resumed: %v, %v", got, err)
	}
}
