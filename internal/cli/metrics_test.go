package cli

import (
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestMetrics: metrics prints what the socket answers, asks for the format that is wanted, and says how metrics are
// switched on if nobody listens.
func TestMetrics(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "s")
	off := run(t, fleet(), "metrics", "--socket", socket)
	if off.status == 0 || !strings.Contains(off.err, "berth-metrics.socket does not listen") {
		t.Errorf("%+v", off)
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var answer atomic.Value
	answer.Store("HTTP/1.1 200 OK\r\nContent-Type: x\r\n\r\na 1\nb 2\n")
	requests := make(chan string, 3)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			b := make([]byte, 1000)
			n, _ := conn.Read(b)
			requests <- string(b[:n])
			_, _ = conn.Write([]byte(answer.Load().(string)))
			_ = conn.Close()
		}
	}()
	for _, tc := range []struct{ flag, accept string }{{"--openmetrics=false", "text/plain"}, {"--openmetrics", "application/openmetrics-text"}} {
		if got := run(t, fleet(), "metrics", "--socket", socket, tc.flag); got.status != 0 || got.out != "a 1\nb 2\n" {
			t.Errorf("%+v", got)
		}
		if r := <-requests; !strings.HasPrefix(r, "GET /metrics HTTP/1.1\r\n") || !strings.Contains(r, "\r\nAccept: "+tc.accept+"\r\n") {
			t.Errorf("it asks %q", r)
		}
	}
	answer.Store("HTTP/1.1 500 Internal Server Error\r\n\r\nno\n")
	if got := run(t, fleet(), "metrics", "--socket", socket); got.status == 0 || got.out != "" || !strings.Contains(got.err, "500 Internal") {
		t.Errorf("%+v", got)
	}
}
