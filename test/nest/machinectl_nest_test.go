//go:build nest

package nest

import (
	"strings"
	"testing"
)

// TestSystemdStops: machinectl terminate and systemctl stop ask init, end a container that does not
// listen, and leave nothing.
func TestSystemdStops(t *testing.T) {
	clean(t)
	const obedient = "trap 'echo asked; exit 0' TERM; while true; do sleep 0.05; done"
	for name, c := range map[string]struct {
		init    string
		command []string
		kind    string
		asked   bool
	}{
		"machinectl terminate, init listens":  {obedient, []string{"machinectl", "terminate", "web"}, "exited", true},
		"machinectl terminate, init does not": {"exec sleep 100000", []string{"machinectl", "terminate", "web"}, "killed", false},
		"systemctl stop":                      {obedient, []string{"systemctl", "stop", "machine-web.scope"}, "exited", true},
		"systemctl stop, init does not":       {"exec sleep 100000", []string{"systemctl", "stop", "machine-web.scope"}, "killed", false},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := script(t, "web", "echo up; "+c.init)
			g.start(t)
			says(t, "web", "up")
			run(t, c.command[0], c.command[1:]...)
			i := becomes(t, "web", "shutoff/shutdown")
			if i.LastExit.Kind != c.kind {
				t.Errorf("last exit is %+v", i.LastExit)
			}
			if got := strings.Contains(run(t, "berthctl", "console-log", "web"), "asked"); got != c.asked {
				t.Errorf("init was asked: %v", got)
			}
			run(t, "berthctl", "start", "web") // the name is free
		})
	}
}

// TestMachinectlSignals: the signals of machinectl kill and poweroff reach init.
func TestMachinectlSignals(t *testing.T) {
	clean(t)
	for name, c := range map[string]struct {
		trap    string
		command []string
		state   string
	}{
		"poweroff": {"RTMIN+4", []string{"machinectl", "poweroff", "web"}, "shutoff/shutdown"},
		"kill":     {"USR1", []string{"machinectl", "kill", "--kill-whom=leader", "--signal=USR1", "web"}, "shutoff/shutdown"},
		"kill -9":  {"USR1", []string{"machinectl", "kill", "--signal=KILL", "web"}, "shutoff/failed"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			number := map[string]string{"RTMIN+4": "38", "USR1": "USR1"}[c.trap]
			g := script(t, "web", "trap 'exit 0' "+number+"; echo up; while true; do sleep 0.05; done")
			g.start(t)
			says(t, "web", "up")
			run(t, c.command[0], c.command[1:]...)
			becomes(t, "web", c.state)
		})
	}
}
