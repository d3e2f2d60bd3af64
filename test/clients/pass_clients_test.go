//go:build clients

package clients

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"testing"
	"time"
)

// greeter is the name under which the test's own program is the init of a container. It is static.
const greeter = "greet"

// greet answers everybody who connects to the socket that init has as descriptor 3.
func greet() int {
	l, err := net.FileListener(os.NewFile(3, "passed"))
	for err == nil {
		var conn net.Conn
		if conn, err = l.Accept(); err == nil {
			fmt.Fprintf(conn, "hello from process %d\n", os.Getpid())
			conn.Close()
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// TestPassedSocket: the two units on libvirt's page about LXC start a container by the first connection and pass the
// socket.
func TestPassedSocket(t *testing.T) {
	host(t)
	g := define(t, "mycontainer", "", "")
	shell(t, "cp /proc/"+fmt.Sprint(os.Getpid())+"/exe "+g.Root+"/init")
	shell(t, "mv "+g.Root+"/init "+g.Root+"/"+greeter+" && sed -i s,/init,/"+greeter+", "+g.File+" && virsh -c lxc:///system define "+g.File)
	units := map[string]string{
		"service": `[Unit]
Description=My little container

[Service]
ExecStart=/usr/bin/virsh -c lxc:///system start --pass-fds 3 mycontainer
ExecStop=/usr/bin/virsh -c lxc:///system destroy mycontainer
Type=oneshot
RemainAfterExit=yes
KillMode=none
`,
		"socket": `[Unit]
Description=The SSH socket of my little container

[Socket]
ListenStream=23
`,
	}
	for kind, text := range units {
		if err := os.WriteFile("/etc/systemd/system/mycontainer."+kind, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		shell(t, "systemctl stop mycontainer.socket mycontainer.service; rm /etc/systemd/system/mycontainer.*; systemctl daemon-reload")
	})
	shell(t, "systemctl daemon-reload; systemctl start mycontainer.socket")
	if got := virsh(t, "domstate mycontainer"); got != "shut off" {
		t.Fatalf("before anybody connected, the container is %s", got)
	}
	for range 2 {
		conn, err := net.DialTimeout("tcp", "127.0.0.1:23", patience)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		line, err := bufio.NewReader(conn).ReadString('\n')
		if want := "hello from process 1\n"; line != want || err != nil {
			t.Fatalf("got %q, %v, want %q", line, err, want)
		}
	}
	shell(t, "systemctl stop mycontainer.socket mycontainer.service")
	is(t, "mycontainer", "shut off")
}
