//go:build nest

package nest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReady: with <berth:notify>, `berthctl start --ready` returns when init says that it is ready, and its words are
// shown, also by a daemon that comes later; an init that ends before is an error.
func TestReady(t *testing.T) {
	for name, more := range map[string]string{"host's users": "", "user namespace": idmap} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			g := script(t, "ready", `/serve say "STATUS=getting up"
while [ ! -e /go ]; do sleep 0.1; done
/serve say "STATUS=serving 3 clients" READY=1
exec sleep 100000`)
			g.More = more + extension("<notify/>")
			serve(t, g.Root)
			g.define(t)
			run(t, "berthctl", "start", g.Name)
			eventually(t, func() error {
				return is(run(t, "berthctl", "domstate", "--reason", g.Name), "running (booted)\ngetting up")
			})
			if i := info(t, g.Name); i.Ready {
				t.Error("it is ready before init said so")
			}
			if err := os.WriteFile(filepath.Join(g.Root, "go"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			eventually(t, func() error { return is(info(t, g.Name).Status, "serving 3 clients") })
			run(t, "systemctl", "restart", "berthd")
			eventually(t, func() error {
				return is(run(t, "berthctl", "domstate", "--reason", g.Name), "running (booted)\nserving 3 clients")
			})
			if i := info(t, g.Name); !i.Ready {
				t.Error("a later daemon does not know that it is ready")
			}
			run(t, "berthctl", "destroy", g.Name)
			if got := run(t, "berthctl", "start", "--ready", g.Name); !strings.Contains(got, "started") || !info(t, g.Name).Ready {
				t.Errorf("start --ready: %q, %+v", got, info(t, g.Name))
			}
			run(t, "berthctl", "destroy", g.Name)
			if err := os.WriteFile(filepath.Join(g.Root, "init"), []byte("#!/bin/sh\nsleep 0.3\nexit 3\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			if got := try(t, "berthctl", "start", "--ready", g.Name); got.Status == 0 || !strings.Contains(got.Err, "ended before it was ready") {
				t.Errorf("an init that ends: %+v", got)
			}
		})
	}
}

// TestReadySystemd: systemd as init says that it is ready, when it is.
func TestReadySystemd(t *testing.T) {
	clean(t)
	g := systemdGuest(t, "readysystemd")
	g.More = extension("<notify/>")
	if err := os.WriteFile(filepath.Join(g.Root, "etc/machine-id"), []byte("0123456789abcdef0123456789abcdef\n"), 0o444); err != nil {
		t.Fatal(err)
	}
	g.define(t)
	run(t, "berthctl", "start", "--ready", g.Name)
	if i := info(t, g.Name); !i.Ready || i.Status == "" {
		t.Errorf("%+v", i)
	}
	if got := run(t, "systemctl", "-M", g.Name, "is-active", "basic.target"); got != "active" {
		t.Errorf("basic.target is %s", got)
	}
}

func is(got, want string) error {
	if got != want {
		return fmt.Errorf("it is %q, not %q", got, want)
	}
	return nil
}
