//go:build bus

package dbusapi

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

	"github.com/berthd/berth/contract"
)

// rawClient speaks the protocol by hand, since no library sends what it sends.
type rawClient struct {
	conn   *net.UnixConn
	in     *bufio.Reader
	serial uint32
}

func dialRaw(t *testing.T, address string) *rawClient {
	t.Helper()
	name, err := socketName(address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &rawClient{conn: conn, in: bufio.NewReader(conn)}
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
	c.hello(t)
	return c
}

// send writes a call with this body, which the headers must describe, and these fds.
func (c *rawClient) send(t *testing.T, headers map[dbus.HeaderField]dbus.Variant, body []byte, fds ...int) {
	t.Helper()
	if len(fds) > 0 {
		headers[dbus.FieldUnixFDs] = dbus.MakeVariant(uint32(len(fds)))
	}
	msg := &dbus.Message{Type: dbus.TypeMethodCall, Headers: headers}
	var buf bytes.Buffer
	if err := msg.EncodeTo(&buf, binary.LittleEndian); err != nil {
		t.Fatal(err)
	}
	buf.Write(body)
	c.serial++
	binary.LittleEndian.PutUint32(buf.Bytes()[4:], uint32(len(body)))
	binary.LittleEndian.PutUint32(buf.Bytes()[8:], c.serial)
	if _, _, err := c.conn.WriteMsgUnix(buf.Bytes(), syscall.UnixRights(fds...), nil); err != nil {
		t.Fatal(err)
	}
}

// await reads until the answer to the last call and returns its error name, "EOF" when the bus
// hung up instead.
func (c *rawClient) await(t *testing.T) string {
	t.Helper()
	for {
		msg, err := dbus.DecodeMessage(c.in)
		if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
			return "EOF"
		}
		if err != nil {
			t.Fatal(err)
		}
		if serial, _ := msg.Headers[dbus.FieldReplySerial].Value().(uint32); serial == c.serial {
			name, _ := msg.Headers[dbus.FieldErrorName].Value().(string)
			return name
		}
	}
}

func (c *rawClient) hello(t *testing.T) {
	t.Helper()
	c.send(t, map[dbus.HeaderField]dbus.Variant{
		dbus.FieldDestination: dbus.MakeVariant("org.freedesktop.DBus"),
		dbus.FieldPath:        dbus.MakeVariant(dbus.ObjectPath("/org/freedesktop/DBus")),
		dbus.FieldInterface:   dbus.MakeVariant("org.freedesktop.DBus"),
		dbus.FieldMember:      dbus.MakeVariant("Hello"),
	}, nil)
	if name := c.await(t); c.serial == 1 && name != "" {
		t.Fatalf("hello: %s", name)
	}
}

// sendUnnamedFD calls a method with an fd that its (empty) body does not name.
func (c *rawClient) sendUnnamedFD(t *testing.T, fd int) {
	t.Helper()
	c.send(t, map[dbus.HeaderField]dbus.Variant{
		dbus.FieldDestination: dbus.MakeVariant(contract.BusName),
		dbus.FieldPath:        dbus.MakeVariant(rootPath),
		dbus.FieldInterface:   dbus.MakeVariant(peerName),
		dbus.FieldMember:      dbus.MakeVariant("Ping"),
	}, nil, fd)
	if name := c.await(t); name != "org.freedesktop.DBus.Error.NotSupported" {
		t.Errorf("the bus answered %q", name)
	}
}
