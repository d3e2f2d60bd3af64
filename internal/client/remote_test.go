package client

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestRemoteArguments: a host is one argument of ssh's, after the end of its options, and no part of the command there.
func TestRemoteArguments(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"host.example":          "-xT -- host.example systemd-stdio-bridge",
		"root@host":             "-xT -- root@host systemd-stdio-bridge",
		"me.too@host:2222":      "-xT -p 2222 -- me.too@host systemd-stdio-bridge",
		"[fe80::1%eth0]:22":     "-xT -p 22 -- fe80::1%eth0 systemd-stdio-bridge",
		"root@2001:db8::1":      "-xT -- root@2001:db8::1 systemd-stdio-bridge",
		"2001:db8::1":           "-xT -- 2001:db8::1 systemd-stdio-bridge",
		"192.0.2.1:22":          "-xT -p 22 -- 192.0.2.1 systemd-stdio-bridge",
		`EXAMPLE\user@host_1`:   `-xT -- EXAMPLE\user@host_1 systemd-stdio-bridge`,
		"":                      "",
		"-oProxyCommand=reboot": "",
		"--":                    "",
		"root@-oX":              "",
		"-l@host":               "",
		"host;reboot":           "",
		"$(reboot)":             "",
		"`reboot`@host":         "",
		"host reboot":           "",
		"host\nreboot":          "",
		"host:22;x":             "",
		"host:-1":               "",
		"ssh://host":            "",
		"a@b@c":                 "",
		"[-o]:1":                "",
		"[::1":                  "",
		"host/machine":          "",
	} {
		r, err := ParseRemote(text)
		if want == "" {
			if !errors.Is(err, ErrHost) {
				t.Errorf("%q: %+v, %v", text, r, err)
			}
			continue
		}
		if got := strings.Join(r.arguments(), " "); err != nil || got != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
		if args := r.arguments(); !slices.Contains(args, "--") {
			t.Errorf("%q: %q", text, args)
		}
	}
}
