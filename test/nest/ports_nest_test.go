//go:build nest

package nest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/nftables"
)

// forwarded are interfaces with ports, without the extension's prefix, which a document declares at its root.
func forwarded(inside, ports string) string {
	return strings.Replace(inside, "</interface>", strings.ReplaceAll(ports, "<port", "<port xmlns='urn:berth:container:1'")+"</interface>", 1)
}

// noPortLeft checks that the packet filter has no table of ports, and that the host takes no packets for 127.0.0.0/8.
func noPortLeft(t *testing.T) {
	t.Helper()
	eventually(t, func() error {
		if tables := filterTables(t); slices.Contains(tables, "berth_ports") {
			return fmt.Errorf("the tables are %q", tables)
		}
		return nil
	})
	if text, err := os.ReadFile("/proc/sys/net/ipv4/conf/berth0/route_localnet"); err == nil && string(text) != "0\n" {
		t.Errorf("route_localnet is %s", text)
	}
}

// asked returns the answer of a port to the host.
func asked(t *testing.T, program, proto, address string) result {
	t.Helper()
	return try(t, program, "ask", proto, address)
}

const dual = "<interface type='network'><source network='default'/><ip address='192.168.179.9' prefix='24'/><ip address='fd5c:8f3e:b179::9' prefix='64'/>" +
	"<route address='0.0.0.0' gateway='192.168.179.1'/><route address='::' gateway='fd5c:8f3e:b179::1'/></interface>"

// TestPorts: a port of the host goes to the container, over TCP and UDP, IPv4 and IPv6, whoever connects to whichever
// address of the host, and the container sees who it is unless that is the host or its own network. It ends with the
// container.
func TestPorts(t *testing.T) {
	netHost(t)
	program := asker(t)
	run(t, "berthctl", "net-start", "default")
	defineNet(t, "lab", "<forward mode='nat'/><bridge name='berthlab'/><ip address='10.9.0.1' prefix='24'/>")
	run(t, "berthctl", "net-start", "lab")
	w := beyond(t)
	w.run("ip", "route", "add", "default", "via", "203.0.113.1")
	near := answering(t, "near", inNetwork("default", "192.168.179.8", "192.168.179.1"))
	near.start(t)
	far := answering(t, "far", inNetwork("lab", "10.9.0.8", "10.9.0.1"))
	far.start(t)
	web := answering(t, "web", forwarded(dual, "<port proto='tcp' host='8080' guest='80'/><port proto='udp' host='53'/><port host='8081' guest='80' address='203.0.113.1'/>"))
	web.start(t)
	within := func(name string) func(proto, address string) result {
		return func(proto, address string) result {
			return try(t, "berthctl", "exec", name, "--", "/"+guestProgram, "ask", proto, address)
		}
	}
	onHost := func(proto, address string) result { return asked(t, program, proto, address) }
	world := func(proto, address string) result { return w.try(program, "ask", proto, address) }
	const fails = ""
	for _, c := range []struct {
		who            string
		ask            func(proto, address string) result
		proto, address string
		want           string
	}{
		{"world", world, "tcp", "203.0.113.1:8080", "203.0.113.9"},
		{"world", world, "udp", "203.0.113.1:53", "203.0.113.9"},
		{"world", world, "tcp", "203.0.113.1:8081", "203.0.113.9"},
		{"world", world, "tcp", "[2001:db8:9::1]:8080", "2001:db8:9::9"},
		{"world", world, "udp", "[2001:db8:9::1]:53", "2001:db8:9::9"},
		{"world", world, "tcp", "192.168.179.1:8080", "203.0.113.9"},
		{"world", world, "tcp", "192.168.179.9:80", fails},
		{"world", world, "tcp", "203.0.113.1:8082", fails},
		{"host", onHost, "tcp", "127.0.0.1:8080", "192.168.179.1"},
		{"host", onHost, "udp", "127.0.0.1:53", "192.168.179.1"},
		{"host", onHost, "tcp", "203.0.113.1:8080", "192.168.179.1"},
		{"host", onHost, "tcp", "203.0.113.1:8081", "192.168.179.1"},
		{"host", onHost, "tcp", "127.0.0.1:8081", fails},
		{"host", onHost, "tcp", "192.168.179.1:8080", "192.168.179.1"},
		{"host", onHost, "tcp", "[2001:db8:9::1]:8080", "fd5c:8f3e:b179::1"},
		{"host", onHost, "tcp", "[::1]:8080", fails},
		{"host", onHost, "tcp", "192.168.179.9:80", "192.168.179.1"},
		{"its network", within("near"), "tcp", "203.0.113.1:8080", "192.168.179.1"},
		{"its network", within("near"), "udp", "192.168.179.1:53", "192.168.179.1"},
		{"its network", within("near"), "tcp", "127.0.0.1:8080", fails},
		{"itself", within("web"), "tcp", "203.0.113.1:8080", "192.168.179.1"},
		{"another network", within("far"), "tcp", "203.0.113.1:8080", "192.168.179.1"}, // that is behind NAT
		{"another network", within("far"), "tcp", "192.168.179.9:80", fails},
	} {
		if c.want == fails {
			if got := c.ask(c.proto, c.address); got.Status == 0 {
				t.Errorf("%s asks %s %s: %+v", c.who, c.proto, c.address, got)
			}
			continue
		}
		eventually(t, func() error {
			got := c.ask(c.proto, c.address)
			if got.Status != 0 {
				return fmt.Errorf("%s asks %s %s: %+v", c.who, c.proto, c.address, got)
			}
			if got.Out != c.want {
				t.Errorf("%s asks %s %s: %+v, want %q", c.who, c.proto, c.address, got, c.want)
			}
			return nil
		})
	}
	run(t, "berthctl", "destroy", "web")
	for _, address := range []string{"203.0.113.1:8080", "127.0.0.1:8080"} {
		if got := onHost("tcp", address); !strings.Contains(got.Err, "refused") {
			t.Errorf("afterwards: %+v", got)
		}
	}
	noPortLeft(t)
}

// TestPortOfALease: a port goes to a container that gets its address by DHCP, from when it has that on.
func TestPortOfALease(t *testing.T) {
	netHost(t)
	program := asker(t)
	run(t, "berthctl", "net-start", "default")
	web := script(t, "web", "ip link set eth0 up; udhcpc -i eth0 -n -q -f -t 60 -T 1 -s /lease; exec /serve answer")
	serve(t, web.Root)
	if err := os.WriteFile(web.Root+"/lease", []byte("#!/bin/sh\n[ \"$1\" = bound ] && ip addr add $ip/$mask dev eth0 && ip route add default via $router\nexit 0\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	web.Devs = forwarded("<interface type='network'><source network='default'/></interface>", "<port host='8080' guest='80'/>")
	web.start(t)
	answers := func() error {
		if got := asked(t, program, "tcp", "127.0.0.1:8080"); got.Out != "192.168.179.1" {
			return fmt.Errorf("%+v", got)
		}
		return nil
	}
	eventually(t, answers)
	killDaemon(t)
	if err := answers(); err != nil {
		t.Error("without a daemon:", err)
	}
	run(t, "berthctl", "destroy", "web")
	noPortLeft(t)
	run(t, "berthctl", "start", "web")
	eventually(t, answers)
	run(t, "berthctl", "destroy", "web")
	noPortLeft(t)
}

// TestPortsEnd: whoever dies, and whatever others remove, ports are there while the container runs, and no rule of them
// is left afterwards.
func TestPortsEnd(t *testing.T) {
	netHost(t)
	program := asker(t)
	run(t, "berthctl", "net-start", "default")
	web := answering(t, "web", forwarded(dual, "<port host='8080' guest='80'/>"))
	other := answering(t, "other", forwarded(strings.ReplaceAll(dual, "9'", "7'"), "<port host='8090' guest='80'/>"))
	web.define(t)
	other.start(t)
	answers := func(port string) error {
		if got := asked(t, program, "tcp", "127.0.0.1:"+port); got.Out != "192.168.179.1" {
			return fmt.Errorf("port %s: %+v", port, got)
		}
		return nil
	}
	for name, end := range map[string]func(){
		"stop":              func() { run(t, "berthctl", "destroy", "web") },
		"of init":           func() { run(t, "kill", "-9", pidOf(info(t, "web").Leader)) },
		"of the supervisor": func() { run(t, "kill", "-9", pidOf(uint32(keeperOf(info(t, "web"))))) },
		"with a daemon that was dead": func() {
			leader := pidOf(info(t, "web").Leader)
			run(t, "systemctl", "kill", "-s", "STOP", "berthd")
			run(t, "kill", "-9", leader)
			run(t, "systemctl", "kill", "-s", "KILL", "berthd")
		},
	} {
		run(t, "berthctl", "start", "web")
		eventually(t, func() error { return answers("8080") })
		killDaemon(t)
		c, err := nftables.New()
		if err != nil {
			t.Fatal(err)
		}
		run(t, "berthctl", "list")
		c.FlushRuleset()
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() error { return errors.Join(answers("8080"), answers("8090")) })
		end()
		becomesOff(t, "web")
		eventually(t, func() error {
			if got := asked(t, program, "tcp", "127.0.0.1:8080"); !strings.Contains(got.Err, "refused") {
				return fmt.Errorf("after %s: %+v", name, got)
			}
			return nil
		})
		if err := answers("8090"); err != nil {
			t.Errorf("after %s of another: %v", name, err)
		}
	}
	run(t, "berthctl", "destroy", "other")
	noPortLeft(t)
}

func becomesOff(t *testing.T, name string) {
	t.Helper()
	eventually(t, func() error {
		if state := info(t, name).State; state != "shutoff" {
			return errors.New(state)
		}
		return nil
	})
}

// TestPortsRefused: a port that is in use fails the start by the element's name, and nothing is left.
func TestPortsRefused(t *testing.T) {
	netHost(t)
	run(t, "berthctl", "net-start", "default")
	defineNet(t, "alone", "<bridge name='berthalone'/><ip address='10.9.1.1' prefix='24'/>")
	run(t, "berthctl", "net-start", "alone")
	first := answering(t, "first", forwarded(dual, "<port host='8080'/>"))
	first.start(t)
	l, err := net.Listen("tcp4", "127.0.0.1:25")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for ports, want := range map[string]string{
		"<port host='1'/><port host='8080'/>":          "domain/devices/interface/berth:port[2]@host: the host's port tcp 8080 is in use: the container 'first' has it",
		"<port host='25'/>":                            "domain/devices/interface/berth:port@host: the host's port tcp 25 is in use: a socket of the host has it",
		"<port host='9' address='198.51.100.77'/>":     "domain/devices/interface/berth:port@address: the host has no address 198.51.100.77",
		"<port host='9' proto='udp'/><port host='0'/>": "domain/devices/interface/berth:port[2]@host: it is missing or not from 1 to 65535",
	} {
		web := answering(t, "web", forwarded(dual, ports))
		file := web.file(t)
		if r := try(t, "berthctl", "create", file); r.Status == 0 || !strings.Contains(r.Err, want) {
			t.Errorf("%s: %+v", ports, r)
			try(t, "berthctl", "destroy", "web")
		}
	}
	web := answering(t, "web", forwarded(inNetwork("alone", "10.9.1.9", "10.9.1.1"), "<port host='9'/>"))
	if r := try(t, "berthctl", "create", web.file(t)); r.Status == 0 || !strings.Contains(r.Err, "domain/devices/interface/berth:port: the network 'alone' is isolated") {
		t.Errorf("isolated: %+v", r)
	}
}

// TestPortsPlugged: the ports of an interface come and go with it while the container runs, also over a restart of
// berthd, and those of its other interface stay.
func TestPortsPlugged(t *testing.T) {
	netHost(t)
	program := asker(t)
	run(t, "berthctl", "net-start", "default")
	defineNet(t, "lab", "<forward mode='nat'/><bridge name='berthlab'/><ip address='10.9.0.1' prefix='24'/>")
	run(t, "berthctl", "net-start", "lab")
	web := answering(t, "web", forwarded(dual, "<port host='8080' guest='80'/>"))
	web.start(t)
	answers := func(port, want string) {
		t.Helper()
		if got := asked(t, program, "tcp", "127.0.0.1:"+port); got.Out != want || (got.Status == 0) != (want != "") {
			t.Errorf("port %s: %+v, want %q", port, got, want)
		}
	}
	file := t.TempDir() + "/interface.xml"
	second := "<interface type='network'><mac address='52:54:00:00:00:09'/><source network='lab'/><ip address='10.9.0.10' prefix='24'/></interface>"
	if err := os.WriteFile(file, []byte(forwarded(second, "<port host='8090' guest='80'/>")), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "berthctl", "attach-device", "web", file)
	answers("8080", "192.168.179.1")
	answers("8090", "10.9.0.1")
	run(t, "systemctl", "restart", "berthd.service")
	answers("8090", "10.9.0.1")
	run(t, "berthctl", "detach-device", "web", file)
	answers("8080", "192.168.179.1")
	answers("8090", "")
	run(t, "berthctl", "destroy", "web")
	noPortLeft(t)
}
