//go:build nest

package nest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// answer connects, sends a line and returns what it gets, until the other side hangs up.
func answer(t testing.TB, address, line string) string {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintln(conn, line)
	text, err := io.ReadAll(conn)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%s: %v", address, err)
	}
	return strings.TrimSpace(string(text))
}

// hostUnits writes unit files of the host, and starts the socket, until the test's end.
func hostUnits(t *testing.T, name string, texts map[string]string) {
	t.Helper()
	for kind, text := range texts {
		file := "/etc/systemd/system/" + name + "." + kind
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Remove(file) })
	}
	run(t, "systemctl", "daemon-reload")
	t.Cleanup(func() {
		try(t, "systemctl", "stop", name+".socket", name+".service")
		try(t, "systemctl", "reset-failed", name+".socket", name+".service")
	})
	run(t, "systemctl", "start", name+".socket")
}

// TestPassRecipe: the recipe of libvirt's page works as it stands there, with another program's name: the first
// connection to the host's socket starts the container, systemd inside takes the very socket, and the service that it
// starts for the connection answers.
func TestPassRecipe(t *testing.T) {
	clean(t)
	g := systemdGuest(t, "mycontainer")
	g.define(t)
	for file, text := range map[string]string{
		"../../machine-id": "0123456789abcdef0123456789abcdef\n", // so that it is no first boot, which asks questions
		"sshd.socket":      "[Unit]\nDescription=SSH Socket for Per-Connection Servers\n\n[Socket]\nListenStream=2323\nAccept=yes\n",
		"sshd@.service":    "[Unit]\nDescription=SSH Per-Connection Server for %I\n\n[Service]\nExecStart=-/bin/sh -c 'read line; echo \"$line from $$(hostname)\"'\nStandardInput=socket\n",
	} {
		if err := os.MkdirAll(filepath.Join(g.Root, "etc/systemd/system/sockets.target.wants"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(g.Root, "etc/systemd/system", file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/systemd/system/sshd.socket", filepath.Join(g.Root, "etc/systemd/system/sockets.target.wants/sshd.socket")); err != nil {
		t.Fatal(err)
	}
	hostUnits(t, "mycontainer", map[string]string{
		"service": "[Unit]\nDescription=My little container\n\n[Service]\nExecStart=/usr/bin/berthctl -c lxc:///system start --pass-fds 3 mycontainer\n" +
			"ExecStop=/usr/bin/berthctl -c lxc:///system destroy mycontainer\nType=oneshot\nRemainAfterExit=yes\nKillMode=none\n",
		"socket": "[Unit]\nDescription=The SSH socket of my little container\n\n[Socket]\nListenStream=2323\n",
	})
	if got := info(t, g.Name).State; got != "shutoff" {
		t.Fatalf("it is %s before the first connection", got)
	}
	began := time.Now()
	if got := answer(t, "127.0.0.1:2323", "hello"); got != "hello from mycontainer" {
		t.Errorf("the first connection got %q", got)
	}
	t.Logf("first connection: %v", time.Since(began))
	if got := answer(t, "127.0.0.1:2323", "again"); got != "again from mycontainer" {
		t.Errorf("the second connection got %q", got)
	}
	run(t, "systemctl", "stop", "mycontainer.socket", "mycontainer.service")
	if got := info(t, g.Name).State; got != "shutoff" {
		t.Errorf("it is %s after the unit was stopped", got)
	}
}

// TestPassServes: a container without systemd serves the socket that the host's systemd passes it, from the first
// connection on.
func TestPassServes(t *testing.T) {
	clean(t)
	g := guest{Name: "served", Root: busybox(t), Init: "/" + guestProgram}
	serve(t, g.Root)
	g.define(t)
	hostUnits(t, "served", map[string]string{
		"service": "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/bin/berthctl start --pass-listen-fds served\nExecStop=/usr/bin/berthctl destroy served\n",
		"socket":  "[Socket]\nListenStream=127.0.0.1:2324\nFileDescriptorName=web\n",
	})
	began := time.Now()
	if got := answer(t, "127.0.0.1:2324", "hello"); got != "hello from web" {
		t.Errorf("the first connection got %q", got)
	}
	t.Logf("first connection: %v", time.Since(began))
	if got := answer(t, "127.0.0.1:2324", "again"); got != "again from web" {
		t.Errorf("the second connection got %q", got)
	}
}
