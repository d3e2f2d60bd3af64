package bus

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/godbus/dbus/v5"
)

// Raw speaks the protocol by hand, since no library sends what it sends.
type Raw struct {
	Name  string          // its own on the bus
	Heard []*dbus.Message // what came while an answer was awaited

	conn   *net.UnixConn
	in     *bufio.Reader
	serial uint32
}

// DialRaw connects to a bus, agrees to descriptors, and says hello.
func DialRaw(t testing.TB, address string) *Raw {
	t.Helper()
	name, _, _ := strings.Cut(strings.TrimPrefix(address, "unix:path="), ",")
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &Raw{conn: conn, in: bufio.NewReader(conn)}
	uid := hex.EncodeToString([]byte(strconv.Itoa(os.Geteuid())))
	for _, step := range []struct{ send, want string }{
		{"\x00AUTH EXTERNAL " + uid + "\r\n", "OK"}, {"NEGOTIATE_UNIX_FD\r\n", "AGREE_UNIX_FD"},
	} {
		fmt.Fprint(conn, step.send)
		if line, err := c.in.ReadString('\n'); err != nil || !strings.HasPrefix(line, step.want) {
			t.Fatalf("handshake: %q, %v", line, err)
		}
	}
	fmt.Fprint(conn, "BEGIN\r\n")
	c.callBus(t, "Hello")
	c.Name, _ = c.answered(t)[0].(string)
	return c
}

// Headers are the header fields of a message.
type Headers = map[dbus.HeaderField]dbus.Variant

// Call sends a method call with this body, which the headers must describe, and these descriptors.
func (c *Raw) Call(t testing.TB, headers Headers, body []byte, fds ...int) {
	t.Helper()
	c.send(t, dbus.TypeMethodCall, headers, body, fds...)
}

// Signal sends a signal to one connection.
func (c *Raw) Signal(t testing.TB, to, name, signature string, body []byte, fds ...int) {
	t.Helper()
	dot := strings.LastIndexByte(name, '.')
	headers := Headers{
		dbus.FieldDestination: dbus.MakeVariant(to),
		dbus.FieldPath:        dbus.MakeVariant(dbus.ObjectPath("/")),
		dbus.FieldInterface:   dbus.MakeVariant(name[:dot]),
		dbus.FieldMember:      dbus.MakeVariant(name[dot+1:]),
	}
	if signature != "" {
		headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.ParseSignatureMust(signature))
	}
	// Not a word of the bus about one that cannot be delivered.
	c.sendFlagged(t, dbus.FlagNoReplyExpected, dbus.TypeSignal, headers, body, fds...)
}

// Refused reports whether the bus refuses to deliver a signal to a connection, and says so.
func (c *Raw) Refused(t testing.TB, to string) bool {
	t.Helper()
	c.send(t, dbus.TypeSignal, Headers{
		dbus.FieldDestination: dbus.MakeVariant(to),
		dbus.FieldPath:        dbus.MakeVariant(dbus.ObjectPath("/")),
		dbus.FieldInterface:   dbus.MakeVariant("a.b"),
		dbus.FieldMember:      dbus.MakeVariant("C"),
	}, nil)
	sent, heard := c.serial, len(c.Heard)
	c.Flush(t)
	for _, m := range c.Heard[heard:] {
		if serial, _ := m.Headers[dbus.FieldReplySerial].Value().(uint32); serial == sent {
			return m.Headers[dbus.FieldErrorName].Value() == "org.freedesktop.DBus.Error.AccessDenied"
		}
	}
	return false
}

func (c *Raw) send(t testing.TB, kind dbus.Type, headers Headers, body []byte, fds ...int) {
	t.Helper()
	c.sendFlagged(t, 0, kind, headers, body, fds...)
}

func (c *Raw) sendFlagged(t testing.TB, flags dbus.Flags, kind dbus.Type, headers Headers, body []byte, fds ...int) {
	t.Helper()
	if len(fds) > 0 {
		headers[dbus.FieldUnixFDs] = dbus.MakeVariant(uint32(len(fds)))
	}
	msg := &dbus.Message{Type: kind, Flags: flags, Headers: headers}
	var buf bytes.Buffer
	if err := msg.EncodeTo(&buf, binary.LittleEndian); err != nil {
		t.Fatal(err)
	}
	buf.Write(body)
	c.serial++
	binary.LittleEndian.PutUint32(buf.Bytes()[4:], uint32(len(body)))
	binary.LittleEndian.PutUint32(buf.Bytes()[8:], c.serial)
	n, _, err := c.conn.WriteMsgUnix(buf.Bytes(), syscall.UnixRights(fds...), nil)
	if rest := buf.Bytes()[n:]; err == nil && len(rest) > 0 {
		_, err = c.conn.Write(rest)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Await reads until the answer to the last call and returns its error name, "EOF" when the bus
// hung up instead.
func (c *Raw) Await(t testing.TB) string {
	t.Helper()
	for {
		msg, err := dbus.DecodeMessage(c.in)
		if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
			return "EOF"
		}
		if err != nil {
			t.Fatal(err)
		}
		c.Heard = append(c.Heard, msg)
		if serial, _ := msg.Headers[dbus.FieldReplySerial].Value().(uint32); serial == c.serial {
			name, _ := msg.Headers[dbus.FieldErrorName].Value().(string)
			return name
		}
	}
}

// Flush returns when the bus has taken everything that was sent, and everything is Heard that it had for us.
func (c *Raw) Flush(t testing.TB) {
	t.Helper()
	c.callBus(t, "GetId")
	c.answered(t)
}

// Listen asks for every signal that a rule matches.
func (c *Raw) Listen(t testing.TB, rule string) {
	t.Helper()
	c.callBus(t, "AddMatch", rule)
	c.answered(t)
}

// Close ends the connection before the end of the test.
func (c *Raw) Close() { c.conn.Close() }

// callBus calls a method of the bus that takes at most one string.
func (c *Raw) callBus(t testing.TB, member string, args ...string) {
	t.Helper()
	headers := Headers{
		dbus.FieldDestination: dbus.MakeVariant("org.freedesktop.DBus"),
		dbus.FieldPath:        dbus.MakeVariant(dbus.ObjectPath("/org/freedesktop/DBus")),
		dbus.FieldInterface:   dbus.MakeVariant("org.freedesktop.DBus"),
		dbus.FieldMember:      dbus.MakeVariant(member),
	}
	var body []byte
	for _, s := range args {
		headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.ParseSignatureMust("s"))
		body = append(append(binary.LittleEndian.AppendUint32(nil, uint32(len(s))), s...), 0)
	}
	c.Call(t, headers, body)
}

// answered gives the answer of the bus, which must be no error.
func (c *Raw) answered(t testing.TB) []any {
	t.Helper()
	if name := c.Await(t); name != "" {
		t.Fatalf("the bus answers %s", name)
	}
	return c.Heard[len(c.Heard)-1].Body
}
