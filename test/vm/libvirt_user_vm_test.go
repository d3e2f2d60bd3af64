//go:build vm

package vm

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// confinedUser makes alice, whom SELinux confines, until the test's end. It returns what logs in as her, by ssh: only a
// login leads to the domain of a user.
func confinedUser(t *testing.T) func(text string) result {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var public []byte // RFC 5656, 3.1
	for _, part := range []string{"ecdsa-sha2-nistp256", "nistp256", string(point)} {
		public = append(binary.BigEndian.AppendUint32(public, uint32(len(part))), part...)
	}
	private := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(private, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	const logins = "/etc/selinux/default/seusers"
	home := filepath.Join("/home", "alice") // the policy has labels for it
	before, err := os.ReadFile(logins)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.WriteFile(logins, before, 0o644); err != nil {
			t.Error(err)
		}
		run(t, "userdel", "alice")
		run(t, "rm", "-r", home)
	})
	run(t, "useradd", "--shell", "/bin/sh", "alice")
	if err := os.WriteFile(logins, append(before, "alice:user_u:s0\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, "mkdir", "-p", filepath.Join(home, ".ssh"))
	line := "ecdsa-sha2-nistp256 " + base64.StdEncoding.EncodeToString(public) + "\n"
	if err := os.WriteFile(filepath.Join(home, ".ssh/authorized_keys"), []byte(line), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, "chown", "-R", "alice:alice", home)
	run(t, "restorecon", "-R", "-F", home)
	return func(text string) result {
		return try(t, "ssh", "-q", "-F", "none", "-i", private, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
			"-o", "BatchMode=yes", "alice@127.0.0.1", text)
	}
}

// TestLibvirtEnforced: while SELinux enforces, root and a user whom it confines use virsh with both sockets of
// berth-libvirt.socket; polkit says what the user may do.
func TestLibvirtEnforced(t *testing.T) {
	begin := time.Now()
	serveLibvirt(t)
	g := guest{Name: "web", More: "<memory unit='MiB'>64</memory>"}
	g.define(t)
	user := confinedUser(t)
	for _, path := range []string{"/run/libvirt/virtlxcd-sock", "/run/libvirt/virtlxcd-sock-ro"} {
		if got, want := run(t, "stat", "--format=%C %A", path), "system_u:object_r:virt_runtime_t:s0 srw-rw-rw-"; got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
		if got := listener(t, path); !strings.Contains(got, ":berthd_t:") {
			t.Errorf("who listens on %s has %s", path, got)
		}
	}
	const rules = "/etc/polkit-1/rules.d/10-test.rules"
	run(t, "systemctl", "stop", "polkit.service") // it would look at the file before that has its label
	if err := os.WriteFile(rules, []byte(`polkit.addRule(function (action, subject) {
		var connects = action.id == "org.berth1.connect" && action.lookup("verb") == "Connect";
		if (subject.user == "alice" && (connects || action.id == "org.berth1.read" || action.id == "org.berth1.control")) return polkit.Result.YES;
	});`), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.Remove(rules)
		run(t, "systemctl", "restart", "polkit.service")
	})
	run(t, "restorecon", "-F", rules)
	run(t, "systemctl", "start", "polkit.service")

	const (
		unconfined = "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023"
		confined   = "user_u:user_r:user_t:s0"
	)
	root := func(text string) result { return login(t, text) }
	for _, c := range []struct {
		who                    func(string) result
		domain, line, out, err string
	}{
		{root, unconfined, "start web", "", ""},
		{root, unconfined, "-r domstate web", "running", ""},
		{root, unconfined, "destroy web", "", ""},
		{user, confined, "start web", "", ""},
		{user, confined, "list --name", "web", ""},
		{user, confined, "-r domstate web", "running", ""},
		{user, confined, "-r destroy web", "", "operation forbidden: read only access prevents virDomainDestroy"},
		{user, confined, "undefine web", "", "access denied: org.berth1.manage is not authorized"},
		{user, confined, "destroy web", "", ""},
	} {
		r := c.who("id -Z; " + libvirt + c.line)
		if r.Out != strings.TrimSpace(c.domain+"\n"+c.out) || (r.Status == 0) != (c.err == "") || !strings.Contains(r.Err, c.err) {
			t.Errorf("%s: %+v, want %+v", c.line, r, c)
		}
	}
	if lines := denied(t, begin); len(lines) > 0 {
		t.Errorf("denied:\n%s", strings.Join(lines, "\n"))
	}
}

// listener is the label of the socket that listens at a path.
func listener(t *testing.T, path string) string {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var label string
	failed := raw.Control(func(fd uintptr) { label, err = unix.GetsockoptString(int(fd), unix.SOL_SOCKET, unix.SO_PEERSEC) })
	if failed != nil || err != nil {
		t.Fatal(failed, err)
	}
	return label
}
