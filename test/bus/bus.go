// Package bus gives a test a D-Bus message bus of its own, so that neither the host's bus nor
// another test is touched. It needs dbus-daemon and no privilege.
package bus

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

// config admits everybody: whom a daemon serves is for the daemon's own checks to show.
const config = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
  </policy>
  <limit name="max_replies_per_connection">REPLIES</limit>
</busconfig>
`

// keeper ends the bus and removes its directory when its standard input ends, and so also when the test's process
// dies.
const keeper = `dbus-daemon --config-file="$1" --nofork --nopidfile --print-address=1 &
read -r _
kill $!
wait $!
rm -rf "${1%/*}"`

// Bus is one running message bus.
type Bus struct {
	Address string

	keeper *exec.Cmd
	stdin  io.Closer
}

// SystemReplies is how many calls without an answer the system bus allows each connection
// (dbus-daemon(1), max_replies_per_connection).
const SystemReplies = 128

// Start runs a bus until the test ends. It allows a connection many calls without an answer.
func Start(t testing.TB) *Bus {
	t.Helper()
	return StartWith(t, 4096)
}

// StartWith runs a bus until the test ends. It allows a connection so many calls without an answer.
func StartWith(t testing.TB, replies int) *Bus {
	t.Helper()
	// Not t.TempDir: with a long test name in it the path is too long for a socket.
	dir, err := os.MkdirTemp("", "bus") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, "bus.conf")
	text := strings.NewReplacer("SOCKET", filepath.Join(dir, "socket"), "REPLIES", strconv.Itoa(replies)).Replace(config)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", keeper, "bus", file)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := &Bus{keeper: cmd, stdin: stdin}
	t.Cleanup(func() {
		b.Stop()
		if t.Failed() && complaints.Len() > 0 {
			t.Logf("the bus: %s", &complaints)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("read the address of the bus: %v", err)
	}
	b.Address = strings.TrimSpace(line)
	return b
}

// Stop ends the bus now, for a test of what follows. To stop twice is harmless.
func (b *Bus) Stop() {
	if b.keeper.ProcessState != nil {
		return
	}
	_ = b.stdin.Close()
	_ = b.keeper.Wait() // says that the bus ended by a signal, as it should
}

// Connect gives a private connection that delivers signals in order and is closed with the test.
func (b *Bus) Connect(t testing.TB, opts ...dbus.ConnOption) *dbus.Conn {
	t.Helper()
	opts = append([]dbus.ConnOption{dbus.WithSignalHandler(dbus.NewSequentialSignalHandler())}, opts...)
	conn, err := dbus.Connect(b.Address, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
