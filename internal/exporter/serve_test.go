package exporter

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// served starts a page on a socket of its own, and returns its path, its log and what ends it.
func served(t *testing.T, p Page) (socket string, log *lockedBuffer, end func() error) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	log = &lockedBuffer{}
	p.Log = slog.New(slog.NewTextHandler(log, nil))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Serve(ctx, l) }()
	end = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { _ = end() })
	return socket, log, end
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// ask sends a request and returns the answer.
func ask(t *testing.T, socket, request string) string {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil && len(answer) == 0 {
		t.Fatal(err)
	}
	return string(answer)
}

// echo is a page that has what the client accepts.
func echo(accept string) (string, func(io.Writer) error, error) {
	return "text/x", func(w io.Writer) error {
		_, err := io.WriteString(w, "accept "+accept+"\n")
		return err
	}, nil
}

// TestServe: a request gets its answer or its refusal as HTTP has it.
func TestServe(t *testing.T) {
	t.Parallel()
	socket, log, _ := served(t, Page{Make: echo})
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: text/x\r\nConnection: close\r\n\r\n"
	for name, tc := range map[string]struct{ request, want string }{
		"get":           {"GET /metrics HTTP/1.1\r\nHost: x\r\nACCEPT:  a/b, c \r\n\r\n", ok + "accept a/b, c\n"},
		"root":          {"GET / HTTP/1.0\r\n\r\n", ok + "accept \n"},
		"query":         {"GET /metrics?a=b HTTP/1.1\n\n", ok + "accept \n"},
		"head":          {"HEAD /metrics HTTP/1.1\r\n\r\n", ok},
		"another page":  {"GET /x HTTP/1.1\r\n\r\n", "HTTP/1.1 404 "},
		"post":          {"POST /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 405 "},
		"no HTTP":       {"hello\r\n\r\n", "HTTP/1.1 400 "},
		"another HTTP":  {"PRI * HTTP/2.0\r\n\r\n", "HTTP/1.1 400 "},
		"a long header": {"GET / HTTP/1.1\r\nX: " + strings.Repeat("x", maxRequest) + "\r\n\r\n", "HTTP/1.1 400 "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := ask(t, socket, tc.request); !strings.HasPrefix(got, tc.want) || strings.HasPrefix(tc.want, ok) && got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
	if log.String() != "" {
		t.Errorf("log: %s", log)
	}
}

// TestServeFaults: an error of the page is the answer 500, and a panic the end of one connection; both are logged, and
// the next client is served.
func TestServeFaults(t *testing.T) {
	t.Parallel()
	socket, log, end := served(t, Page{Make: func(accept string) (string, func(io.Writer) error, error) {
		switch accept {
		case "fault":
			return "", nil, errors.New("no figures")
		case "panic":
			panic("a mistake")
		}
		return echo(accept)
	}})
	request := func(accept string) string { return "GET / HTTP/1.1\r\nAccept: " + accept + "\r\n\r\n" }
	if got := ask(t, socket, request("fault")); !strings.HasPrefix(got, "HTTP/1.1 500 ") {
		t.Errorf("%q", got)
	}
	if got := ask(t, socket, request("panic")); got != "" {
		t.Errorf("%q", got)
	}
	if got := ask(t, socket, request("x")); !strings.HasSuffix(got, "accept x\n") {
		t.Errorf("%q", got)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"no figures", "a mistake"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %q: %s", want, log)
		}
	}
}

// endless writes until nobody reads.
func endless(string) (string, func(io.Writer) error, error) {
	return "text/x", func(w io.Writer) error {
		for {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return err
			}
		}
	}, nil
}

// TestSlowClients: a client that asks nothing or reads nothing is left after some seconds, others are served meanwhile,
// and the end of the daemon waits for none.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := Page{Make: endless, Log: slog.New(slog.DiscardHandler)}
		for name, request := range map[string]string{"asks nothing": "GET /", "reads nothing": "GET / HTTP/1.1\r\n\r\n"} {
			client, server := net.Pipe()
			began := time.Now()
			done := make(chan time.Duration, 1)
			go func() {
				p.answer(server)
				done <- time.Since(began)
			}()
			if _, err := io.WriteString(client, request); err != nil {
				t.Fatal(err)
			}
			if took := <-done; took > askLimit+readLimit || took < askLimit {
				t.Errorf("%s: it was left after %v", name, took)
			}
			_ = client.Close()
		}
	})
	socket, _, end := served(t, Page{Make: endless})
	for range atOnce - 1 {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\n\r\n")
	}
	if got := ask(t, socket, "HEAD / HTTP/1.1\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("%q", got)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}
