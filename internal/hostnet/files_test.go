package hostnet

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/netxml"
)

// TestFiles: a file is written for everybody to read, and only if it changes; it is removed with what was half written.
func TestFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "network")
	f := &netxml.File{Name: "10-berth-b0.network", Text: "[Match]\n"}
	for i, want := range []bool{true, false} {
		if changed, err := put(dir, f); changed != want || err != nil {
			t.Errorf("put %d: %v, %v", i, changed, err)
		}
	}
	name := filepath.Join(dir, f.Name)
	text, err := os.ReadFile(name)
	info, _ := os.Stat(name)
	if err != nil || string(text) != f.Text || info.Mode() != 0o644 {
		t.Errorf("got %q, %v, %v", text, info, err)
	}
	if changed, err := put(dir, &netxml.File{Name: f.Name, Text: "[Link]\n"}); !changed || err != nil {
		t.Errorf("got %v, %v", changed, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "."+f.Name+".new"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false} {
		if gone, err := remove(dir, f); gone != want || err != nil {
			t.Errorf("remove %d: %v, %v", i, gone, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// kernel is a directory with settings like those of the kernel.
func kernel(t *testing.T, settings map[string]string) *Host {
	t.Helper()
	dir := t.TempDir()
	for name, value := range settings {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(value+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &Host{Deps{Proc: dir}}
}

// TestForward: a host that begins to forward goes on with router advertisements where it accepts them, and nowhere
// else, nor on interfaces that come later. One that forwards already is left alone.
func TestForward(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		plan         netxml.Plan
		before, want map[string]string
	}{
		{
			"IPv4 only",
			netxml.Plan{Forward4: true},
			map[string]string{"ipv4/ip_forward": "0", "ipv6/conf/all/forwarding": "0", "ipv6/conf/eth0/accept_ra": "1"},
			map[string]string{"ipv4/ip_forward": "1", "ipv6/conf/all/forwarding": "0\n", "ipv6/conf/eth0/accept_ra": "1\n"},
		},
		{
			"both",
			netxml.Plan{Forward4: true, Forward6: true},
			map[string]string{"ipv4/ip_forward": "1", "ipv6/conf/all/forwarding": "0", "ipv6/conf/eth0/accept_ra": "1", "ipv6/conf/eth1/accept_ra": "0", "ipv6/conf/default/accept_ra": "1"},
			map[string]string{"ipv4/ip_forward": "1\n", "ipv6/conf/all/forwarding": "1", "ipv6/conf/eth0/accept_ra": "2", "ipv6/conf/eth1/accept_ra": "0\n", "ipv6/conf/default/accept_ra": "1\n"},
		},
		{
			"forwards already",
			netxml.Plan{Forward6: true},
			map[string]string{"ipv6/conf/all/forwarding": "1", "ipv6/conf/eth0/accept_ra": "1"},
			map[string]string{"ipv6/conf/all/forwarding": "1\n", "ipv6/conf/eth0/accept_ra": "1\n"},
		},
	} {
		h := kernel(t, c.before)
		if err := h.Forward(&c.plan); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		got := map[string]string{}
		for name := range c.want {
			text, err := os.ReadFile(filepath.Join(h.Proc, name))
			if err != nil {
				t.Fatal(err)
			}
			got[name] = string(text)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: want (-), got (+):\n%s", c.name, diff)
		}
	}
	h := kernel(t, nil)
	if err := h.Forward(&netxml.Plan{Forward4: true}); err == nil {
		t.Error("a kernel without the setting is no error")
	}
}

// TestHasIPv6: a kernel without IPv6, and one that turns it off for new interfaces, have none.
func TestHasIPv6(t *testing.T) {
	t.Parallel()
	const setting = "ipv6/conf/default/disable_ipv6"
	for want, settings := range map[bool][]map[string]string{true: {{setting: "0"}}, false: {{setting: "1"}, nil}} {
		for _, s := range settings {
			if got := kernel(t, s).hasIPv6(); got != want {
				t.Errorf("%v: %v", s, got)
			}
		}
	}
}

// TestNameServers: only name servers that others than the host can reach are found.
func TestNameServers(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "resolv.conf")
	text := "# one\nnameserver 127.0.0.53\nnameserver ::1\nnameserver fe80::1%eth0\nsearch example\nnameserver\nnameserver x\nnameserver 192.0.2.1\nnameserver 2001:db8::1 # two\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range nameServers(file) {
		got = append(got, a.String())
	}
	if diff := cmp.Diff([]string{"192.0.2.1", "2001:db8::1"}, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	if got := nameServers(file + ".not"); got != nil {
		t.Errorf("got %v", got)
	}
}

// TestFilterError: an error of the packet filter names what was done, and the modules that the kernel may lack.
func TestFilterError(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]string{
		unix.EOPNOTSUPP: "packet filter: list the tables: operation not supported; if the host's kernel has no nftables, load it with: modprobe nf_tables",
		unix.ENOENT:     "packet filter: list the tables: no such file or directory; if the host's kernel lacks a part of nftables, load it with: modprobe -a nft_ct nft_chain_nat nft_masq",
		unix.EPERM:      "packet filter: list the tables: operation not permitted",
	} {
		if got := filterError("list the tables", err); got.Error() != want || !errors.Is(got, err) {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}
