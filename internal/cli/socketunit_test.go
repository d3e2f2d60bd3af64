package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSocketUnitFiles: the units say what the flags said; a name or an address is taken as it is.
func TestSocketUnitFiles(t *testing.T) {
	t.Parallel()
	u := socketUnit{
		domain: `my "$web" 100%`, unit: "web", program: "/usr/bin/berthctl",
		sockets: [][]string{{"ListenStream", "2222"}, {"ListenFIFO", "/run/%x"}},
	}
	mark := unitMark(u.domain)
	want := map[string]string{
		"web.socket": mark + `[Unit]
Description=Sockets of container my "$web" 100%%

[Socket]
ListenStream=2222
ListenFIFO=/run/%%x

[Install]
WantedBy=sockets.target
`,
		"web.service": mark + `[Unit]
Description=Container my "$web" 100%%
After=dbus.service berthd.service systemd-machined.service remote-fs.target network.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/berthctl start --quiet --ready --pass-listen-fds --unit %n "my \"$$web\" 100%%"
ExecStop=/usr/bin/berthctl shutdown --quiet --wait --timeout 60 --destroy "my \"$$web\" 100%%"
TimeoutStopSec=90s
`,
	}
	if diff := cmp.Diff(want, u.files()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	u = socketUnit{domain: "web", unit: "front", sockets: [][]string{{"ListenStream", "80"}}, proxy: "127.0.0.1:8080", idle: "5min"}
	files := u.files()
	if got := files["front.service"]; !strings.Contains(got, "Requires=berth@web.service\nAfter=berth@web.service\n") ||
		!strings.Contains(got, "ExecStart=/lib/systemd/systemd-socket-proxyd --exit-idle-time=5min \"127.0.0.1:8080\"\n") {
		t.Errorf("the proxy: %s", got)
	}
	if got := files["berth@web.service.d/socket-unit-front.conf"]; got != unitMark("web")+"[Unit]\nStopWhenUnneeded=yes\n" {
		t.Errorf("the container's unit: %s", got)
	}
}

// TestSocketUnitRefuses: what would make other units than were asked for is refused before anything is written.
func TestSocketUnitRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"none":                {nil, "requires --listen"},
		"a line break":        {[]string{"--listen", "1\nListenStream=2"}, "is no address"},
		"a path as a name":    {[]string{"--listen", "1", "--unit", "../x"}, "cannot be the name of a unit"},
		"idle, but no proxy":  {[]string{"--listen", "1", "--idle", "1s"}, "--idle requires --proxy"},
		"a line in the proxy": {[]string{"--listen", "1", "--proxy", "a\nb"}, "is no address"},
		"remove and listen":   {[]string{"--remove", "--listen", "1"}, "options --remove and --listen are mutually exclusive"},
		"remove and idle":     {[]string{"--remove", "--idle", "1s"}, "options --remove and --idle are mutually exclusive"},
		"remove nothing":      {[]string{"--remove", "--unit", "berth-no-such"}, "there are no units 'berth-no-such.socket'"},
		"a name of a host":    {[]string{"--listen", "localhost:80"}, `"localhost:80" is no address for --listen: [IP:]PORT, a path, or @NAME`},
	} {
		f := fleet()
		if got := run(t, f, append([]string{"socket-unit", "db"}, c.args...)...); got.status == 0 || !strings.Contains(got.err, c.want) {
			t.Errorf("%s: %+v, want %q", name, got, c.want)
		}
	}
}

// TestSocketUnitAddresses: an address is refused if systemd could not listen there or forward to it, and so is a time
// or a name that systemd does not take.
func TestSocketUnitAddresses(t *testing.T) {
	t.Parallel()
	long := "/" + strings.Repeat("x", 107)
	good := func() socketUnit {
		return socketUnit{domain: "web", sockets: [][]string{{"ListenStream", "80"}}, proxy: "127.0.0.1:80", idle: "5min"}
	}
	for setting, c := range map[string]struct {
		set       func(*socketUnit, string)
		good, bad []string
	}{
		"stream": {
			func(u *socketUnit, s string) { u.sockets = [][]string{{"ListenStream", s}} },
			[]string{"1", "65535", "127.0.0.1:22", "[::1]:22", "[fe80::1]:22%eth0", "/run/x", "@x", long[:107]},
			[]string{"", "foo", "0", "022", "65536", "99999", "-1", "localhost:22", "::1:22", "127.0.0.1:", "127.0.0.1:0", "run/x", "@", long, "/a b", "1\n2"},
		},
		"seqpacket": {
			func(u *socketUnit, s string) { u.sockets = [][]string{{"ListenSequentialPacket", s}} },
			[]string{"/run/x", "@x"},
			[]string{"80", "127.0.0.1:22", "x"},
		},
		"fifo": {
			func(u *socketUnit, s string) { u.sockets = [][]string{{"ListenFIFO", s}} },
			[]string{"/run/x"},
			[]string{"80", "@x", "x"},
		},
		"proxy": {
			func(u *socketUnit, s string) { u.proxy = s },
			[]string{"localhost:80", "[::1]:80", "/run/x", "@x"},
			[]string{"foo", "80", ":80", "a:b", "a:0", "::1:80", "a b:80"},
		},
		"idle": {
			func(u *socketUnit, s string) { u.idle = s },
			[]string{"5", "5min", "1h30min", "infinity"},
			[]string{"xx", "-5", "5 min", "5minn"},
		},
		"unit": {
			func(u *socketUnit, s string) { u.unit = s },
			[]string{"berth-front", "a.b"},
			[]string{"web.socket", "web.service", "a/b", "a@b", "a b"},
		},
	} {
		for i, value := range append(c.good, c.bad...) {
			u := good()
			c.set(&u, value)
			if err := u.check(t.Context()); (err == nil) != (i < len(c.good)) {
				t.Errorf("%s %q: %v", setting, value, err)
			}
		}
	}
	if got := proxyAddress("[::1]:80"); got != "::1:80" {
		t.Errorf("an address of IPv6 for the proxy: %s", got)
	}
}
