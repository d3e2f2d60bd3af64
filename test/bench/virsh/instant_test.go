package virsh

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/remote/xdr"
)

// TestInstant: the daemon that does nothing asks the one behind it once, and gives each later client the same answers,
// each with the serial of the call.
func TestInstant(t *testing.T) {
	dir := t.TempDir()
	behind, front := filepath.Join(dir, "behind"), filepath.Join(dir, "front")
	listener, err := net.Listen("unix", behind)
	if err != nil {
		t.Fatal(err)
	}
	i, err := startInstant(t.Context(), front, behind)
	if err != nil {
		t.Fatal(err)
	}
	go func() { // one client of three calls, of which the last is answered at length
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_ = listener.Close()
		defer func() { _ = conn.Close() }()
		for buf := make([]byte, 4096); ; {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			e := xdr.NewEncoder(nil)
			e.U32(0)
			e.Raw(buf[4:16]) // program, version, procedure
			e.U32(1)         // a reply
			e.Raw(buf[20:24])
			e.U32(0)
			e.Text(strings.Repeat("a", 100*n))
			e.SetU32(0, uint32(e.Len()))
			if _, err := conn.Write(e.Bytes()); err != nil {
				return
			}
		}
	}()
	for range 3 {
		c, err := dial(t.Context(), front, "lxc:///system")
		if err != nil {
			t.Fatal(err)
		}
		c.serial += 7
		d, err := c.call(procInfo, func(e *xdr.Encoder) { e.Text(strings.Repeat("b", 100)) })
		if err != nil {
			t.Fatal(err)
		}
		if text := d.Text(); len(text) != 13200 || d.Err() != nil {
			t.Errorf("got %d bytes, %v", len(text), d.Err())
		}
		if err := c.stream.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := i.close(); err != nil {
		t.Error(err)
	}
}
