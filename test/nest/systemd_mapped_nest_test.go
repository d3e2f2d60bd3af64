//go:build nest

package nest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/client"
	guests "github.com/berthd/berth/test/guest"
)

// mappedSystemd is a guest with systemd as init and with a user namespace. Its /usr is a copy: the nest's own is on an
// overlay, which has no idmapped mounts.
func mappedSystemd(t testing.TB, name, usr string) guest {
	t.Helper()
	g := systemdGuest(t, name)
	g.More = idmap
	g.Devs = "<filesystem type='mount'><source dir='" + usr + "'/><target dir='/usr'/><readonly/></filesystem>"
	return g
}

// TestSystemdMapped: a systemd guest with a user namespace is shut down and rebooted in order, from the host and from
// inside. Its journal shows no end but clean ones. A reboot keeps the machine, and passes the sockets again.
func TestSystemdMapped(t *testing.T) {
	clean(t)
	usr := t.TempDir()
	if err := guests.Usr(usr); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ command, want string }{
		"reboot":               {"berthctl reboot mapped", "running"},
		"reboot by signal":     {"berthctl reboot mapped --mode signal --wait --timeout 60", "running"},
		"reboot by initctl":    {"berthctl reboot mapped --mode initctl", "running"},
		"machinectl reboot":    {"machinectl reboot mapped", "running"},
		"reboot inside":        {"berthctl exec mapped -- systemctl reboot", "running"},
		"shutdown":             {"berthctl shutdown mapped --wait --timeout 60", "shutoff"},
		"shutdown by signal":   {"berthctl shutdown mapped --mode signal --wait --timeout 60", "shutoff"},
		"shutdown by initctl":  {"berthctl shutdown mapped --mode initctl --wait --timeout 60", "shutoff"},
		"machinectl poweroff":  {"machinectl poweroff mapped", "shutoff"},
		"machinectl terminate": {"machinectl terminate mapped", "shutoff"},
		"poweroff inside":      {"berthctl exec mapped -- systemctl poweroff", "shutoff"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := mappedSystemd(t, "mapped", usr)
			g.bootsWith(t)
			before, machine, life := info(t, g.Name), machineID(t, g), greeted(t)
			args := strings.Fields(c.command)
			if got := try(t, args[0], args[1:]...); got.Status != 0 && !strings.HasSuffix(name, "inside") { // that ends meanwhile
				t.Errorf("%s: %+v", c.command, got)
			}
			if c.want == "running" {
				g.again(t, before)
				if got := machineID(t, g); got != machine {
					t.Errorf("the machine is %s, it was %s", got, machine)
				}
				if got := greeted(t); got == life {
					t.Errorf("the life before answers at the passed socket, %s", got)
				}
				run(t, "berthctl", "shutdown", g.Name, "--wait", "--timeout", "60")
			}
			if i := becomes(t, g.Name, "shutoff/shutdown"); i.LastExit.Kind != "killed" || i.LastExit.Code != 2 {
				t.Errorf("the last exit is %+v", i.LastExit)
			}
			if err := guests.CleanEnd(guests.Journal(g.Root)); err != nil {
				t.Error(err)
			}
			want := map[string]int{"running": 2, "shutoff": 1}[c.want]
			if got, err := guests.Lives(guests.Journal(g.Root)); got != want || err != nil {
				t.Errorf("its journal has %d lives that ended in order, %v; want %d", got, err, want)
			}
		})
	}
}

// passedPort is where the host listens for a systemd guest, which has a socket unit for it.
const passedPort = "2325"

// bootsWith starts the guest with a socket that listens, and returns when it is up.
func (g guest) bootsWith(t *testing.T) {
	t.Helper()
	dir := filepath.Join(g.Root, "etc/systemd/system")
	for file, text := range map[string]string{
		"greet.socket":   "[Socket]\nListenStream=" + passedPort + "\nAccept=yes\n",
		"greet@.service": "[Service]\nExecStart=-/bin/sh -c 'read line; echo \"$line from $$(cat /proc/sys/kernel/random/boot_id)\"'\nStandardInput=socket\n",
	} {
		if err := errors.Join(os.MkdirAll(dir+"/sockets.target.wants", 0o755), os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../greet.socket", dir+"/sockets.target.wants/greet.socket"); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", ":"+passedPort)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	g.define(t)
	path, err := bus(t).ByName(t.Context(), g.Name)
	if err != nil {
		t.Fatal(err)
	}
	if err := bus(t).StartWith(t.Context(), path, client.StartOptions{Passed: []client.Passed{{Name: "greet", File: socket}}}); err != nil {
		t.Fatal(err)
	}
	g.up(t)
}

// greeted is who answers at the passed socket: the boot id of the life that does.
func greeted(t *testing.T) string {
	t.Helper()
	got, ok := strings.CutPrefix(answer(t, "127.0.0.1:"+passedPort, "hello"), "hello from ")
	if !ok {
		t.Fatalf("the passed socket says %q", got)
	}
	return got
}

// again waits for the next life of the guest.
func (g guest) again(t *testing.T, before client.Info) {
	t.Helper()
	eventually(t, func() error {
		if i := info(t, g.Name); i.State != "running" || i.Leader == before.Leader || i.UUID != before.UUID {
			return fmt.Errorf("it is %s, with init %d", i.State, i.Leader)
		}
		return nil
	})
	g.up(t)
}

// machineID is what systemd inside and machined take for the identity of the machine.
func machineID(t *testing.T, g guest) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(g.Root, "etc/machine-id"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text)) + " " + run(t, "machinectl", "show", g.Name, "--property=Id", "--value")
}
