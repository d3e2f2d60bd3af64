package exporter

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

const (
	atOnce     = 8                // connections that are served
	askLimit   = 5 * time.Second  // for the request
	readLimit  = 10 * time.Second // for the client to read the answer
	maxRequest = 16 << 10         // bytes
)

// Page is what is served.
type Page struct {
	// Make makes the page for a client that accepts some media types, and returns its type and what writes it.
	Make func(accept string) (mediaType string, write func(io.Writer) error, err error)
	Log  *slog.Logger
}

// Serve answers until ctx ends. It returns an error if the socket cannot be used any more.
func (p Page) Serve(ctx context.Context, l net.Listener) error {
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	var served sync.WaitGroup
	defer served.Wait()
	slots := make(chan struct{}, atOnce)
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		conn, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		served.Go(func() {
			defer func() { <-slots }()
			stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
			defer stop()
			p.answer(conn)
		})
	}
}

// answer serves one connection.
func (p Page) answer(conn net.Conn) {
	defer func() {
		_ = conn.Close()
		if v := recover(); v != nil { // the end of one answer, not of the daemon
			p.Log.Error("metrics", "panic", v, "stack", string(debug.Stack()))
		}
	}()
	_ = conn.SetReadDeadline(time.Now().Add(askLimit))
	r, err := readRequest(conn)
	_ = conn.SetWriteDeadline(time.Now().Add(readLimit))
	if err != nil {
		if errors.Is(err, errRequest) {
			refuse(conn, "400 Bad Request")
		}
		return
	}
	switch {
	case r.method != "GET" && r.method != "HEAD":
		refuse(conn, "405 Method Not Allowed")
		return
	case r.path != "/metrics" && r.path != "/":
		refuse(conn, "404 Not Found")
		return
	}
	media, write, err := p.Make(r.accept)
	if err != nil {
		p.Log.Error("metrics", "err", err)
		refuse(conn, "500 Internal Server Error")
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: "+media+"\r\nConnection: close\r\n\r\n"); err != nil || r.method == "HEAD" {
		return
	}
	if err := write(conn); err != nil && !isNetwork(err) {
		p.Log.Error("metrics", "err", err)
	}
}

// isNetwork reports whether a client has left or was too slow, which is nobody's fault.
func isNetwork(err error) bool {
	_, is := errors.AsType[*net.OpError](err)
	return is
}

func refuse(w io.Writer, status string) {
	_, _ = io.WriteString(w, "HTTP/1.1 "+status+"\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"+status+"\n")
}

// request is what counts of an HTTP request.
type request struct{ method, path, accept string }

var errRequest = errors.New("no HTTP request")

// readRequest reads the head of a request. It returns errRequest if it is none, or too long.
func readRequest(from io.Reader) (r request, err error) {
	lines := bufio.NewReader(io.LimitReader(from, maxRequest))
	first, err := lines.ReadString('\n')
	words := strings.Fields(first)
	switch {
	case err != nil && first == "":
		return r, err // it has left
	case err != nil || len(words) != 3 || !strings.HasPrefix(words[2], "HTTP/1."):
		return r, errRequest
	}
	r.method = words[0]
	r.path, _, _ = strings.Cut(words[1], "?")
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return r, errRequest
		}
		if strings.TrimRight(line, "\r\n") == "" {
			return r, nil
		}
		if key, value, _ := strings.Cut(line, ":"); strings.EqualFold(key, "Accept") {
			r.accept = strings.TrimSpace(value)
		}
	}
}
