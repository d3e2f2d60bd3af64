package bus

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// strange serves a socket on which a bus behaves as a test wants, and gives its address.
func strange(t *testing.T, behave func(net.Conn)) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "bus")
	l, err := net.Listen("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	t.Cleanup(func() {
		l.Close()
		<-served
	})
	go func() {
		defer close(served)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		behave(conn)
	}()
	return "unix:path=" + name
}

// TestOptions: a table that is wrong is noticed before anything is read by it.
func TestOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{
		{Replies: []map[string]string{{"a.b.C": "s"}, {"a.b.D": "ah"}}},
		{Signals: map[string]map[string]string{"a.b": {"a.b.C": "a("}}},
	} {
		o.Address = strange(t, func(net.Conn) {})
		if c, err := Connect(t.Context(), o); c != nil || err == nil || !strings.Contains(err.Error(), "is not for us") {
			t.Errorf("got %v", err)
		}
	}
}

// TestStrangeBus: whatever a bus does instead of letting us in, the attempt ends.
func TestStrangeBus(t *testing.T) {
	t.Parallel()
	says := func(s string) func(net.Conn) {
		return func(c net.Conn) {
			_, _ = c.Write([]byte(s))
			_, _ = io.Copy(io.Discard, c)
		}
	}
	for name, c := range map[string]struct {
		behave func(net.Conn)
		want   error
	}{
		"silent":              {says(""), context.DeadlineExceeded},
		"silent after a line": {says("REJECTED EXTERNAL\r\n"), context.DeadlineExceeded},
		"silent after hello":  {says("REJECTED EXTERNAL\r\nOK 12\r\n"), context.DeadlineExceeded},
		"without end": {func(c net.Conn) {
			for err := error(nil); err == nil; {
				_, err = c.Write(make([]byte, 4096))
			}
		}, errHandshake},
		"hangs up": {func(net.Conn) {}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limit := time.Minute
			if errors.Is(c.want, context.DeadlineExceeded) {
				limit = 200 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			conn, err := Connect(ctx, Options{Address: strange(t, c.behave)})
			if conn != nil || err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}
