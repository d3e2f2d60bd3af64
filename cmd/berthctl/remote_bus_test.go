//go:build bus

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/client/clienttest"
	"github.com/berthd/berth/test/bus"
)

// TestBusRemote: with -H, berthctl talks to the bus behind ssh and systemd-stdio-bridge, and says what ssh cannot do.
// The command that the other host's shell gets has nothing of the caller's.
func TestBusRemote(t *testing.T) {
	there := bus.Start(t)
	clienttest.Serve(t, there.Connect(t), map[string]clienttest.Answer{
		"ListContainers":     replies([]client.Summary{{Name: "web", ID: 7, UUID: "6695", State: "running", Path: web}}),
		"GetContainerByName": replies(web),
		"Start":              refuses("org.berth1.Error.AlreadyRunning", "domain is already active"),
	})
	dir := t.TempDir()
	// The other host: it notes what it was called with, and has another bus.
	script := "#!/bin/sh\nprintf '%s\\n' \"$@\" > \"$0.args\"\n[ \"$3\" = me@there ] || exit 255\nexec $4 --bus-path='" + there.Address + "'\n"
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	for line, want := range map[string]struct {
		out, err string
		status   int
	}{
		"-H me@there list":              {out: " Id   Name   State\n----------------------\n 7    web    running\n"},
		"-H me@there start web":         {err: "error: domain is already active\n", status: 1},
		"-H me@nowhere list":            {err: "error: connect to me@nowhere: ssh: exit status 255", status: 1},
		"-H -oProxyCommand=x list":      {err: "error: host '-oProxyCommand=x': not [USER@]HOST[:PORT]\n", status: 1},
		"-H me@there exec web true":     {err: "error: -H has no exec; run berthctl there: ssh -t HOST berthctl exec\n", status: 1},
		"-H me@there start x --console": {err: "error: -H has no start --console; run berthctl there: ssh -t HOST berthctl start\n", status: 1},
	} {
		cmd, out, errs := command(t, "unix:path=/nonexistent", strings.Fields(line)...)
		got := status(t, cmd.Run())
		if got != want.status || out.String() != want.out || !strings.HasPrefix(errs.String(), want.err) || want.err == "" && errs.Len() > 0 {
			t.Errorf("%s: status %d\n%s%s", line, got, out, errs)
		}
	}
	cmd, _, _ := command(t, "unix:path=/nonexistent", "-H", "me@there", "list")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	args, err := os.ReadFile(filepath.Join(dir, "ssh.args"))
	if err != nil || string(args) != "-xT\n--\nme@there\nsystemd-stdio-bridge\n" {
		t.Errorf("ssh got %q, %v", args, err)
	}
}
