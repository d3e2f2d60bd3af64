//go:build nest

package nest

import (
	"errors"
	"strings"
	"testing"
)

// routed is a guest that can do as a hostile one does, with an end of a link on the host.
func routed(t *testing.T) guest {
	t.Helper()
	web := sleeper(t, "web")
	serve(t, web.Root)
	web.Devs = "<interface type='ethernet'><ip address='192.0.2.7' prefix='24'/><ip address='fe80::7' prefix='64'/><target dev='web0'/></interface>"
	return web
}

// TestContainerIsNotTheHostsRouter: a container that says that it is a router changes neither the host's routes nor its
// addresses.
func TestContainerIsNotTheHostsRouter(t *testing.T) {
	clean(t)
	web := routed(t)
	web.start(t)
	run(t, "ip", "addr", "add", "192.0.2.1/24", "dev", "web0")
	eventually(t, func() error { // the kernel may take a second to see that the link has a carrier
		if r := try(t, "berthctl", "exec", "web", "--", "/"+guestProgram, "advertise"); r.Status != 0 {
			return errors.New(r.Err)
		}
		return nil
	})
	run(t, "busybox", "ping", "-c1", "-W60", "192.0.2.7") // what was sent before has come
	got := run(t, "ip", "-6", "route") + run(t, "ip", "-6", "addr", "show", "dev", "web0")
	if strings.Contains(got, "default via") || strings.Contains(got, "2001:db8:bad") {
		t.Errorf("the host has\n%s", got)
	}
}

// TestLinksOfTheHostFromInside: root of a container with a user namespace, or without CAP_NET_ADMIN, cannot remove a
// link of the host by the number that the host's network has in the container.
func TestLinksOfTheHostFromInside(t *testing.T) {
	clean(t)
	bridge(t, "br0")
	for name, c := range map[string]struct{ more, refusal string }{
		"idmap":     {idmap, "permission denied"},
		"net_admin": {"<features><capabilities policy='default'><net_admin state='off'/></capabilities></features>", "operation not permitted"},
	} {
		t.Run(name, func(t *testing.T) {
			web := routed(t)
			web.More = c.more
			web.start(t)
			r := try(t, "berthctl", "exec", "web", "--", "/"+guestProgram, "unlink", "br0")
			if r.Status == 0 || !strings.Contains(r.Err, c.refusal) {
				t.Errorf("%+v", r)
			}
			if !exists("/sys/class/net/br0") {
				t.Error("the link of the host is gone")
			}
		})
	}
}
