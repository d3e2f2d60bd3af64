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
	want := map[string]string{
		"web.socket": unitMark + `[Unit]
Description=Sockets of container my "$web" 100%%

[Socket]
ListenStream=2222
ListenFIFO=/run/%%x

[Install]
WantedBy=sockets.target
`,
		"web.service": unitMark + `[Unit]
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
	if got := files["berth@web.service.d/socket-unit.conf"]; got != unitMark+"[Unit]\nStopWhenUnneeded=yes\n" {
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
	} {
		f := fleet()
		if got := run(t, f, append([]string{"socket-unit", "db"}, c.args...)...); got.status == 0 || !strings.Contains(got.err, c.want) {
			t.Errorf("%s: %+v, want %q", name, got, c.want)
		}
	}
}
