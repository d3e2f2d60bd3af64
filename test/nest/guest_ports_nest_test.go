//go:build nest

package nest

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// answerPorts answers who connects to the TCP port 80 or sends to the UDP port 53, by IPv4 and IPv6, with his address.
func answerPorts() error {
	l, err := net.Listen("tcp", ":80")
	if err != nil {
		return err
	}
	p, err := net.ListenPacket("udp", ":53")
	if err != nil {
		return err
	}
	go func() {
		buffer := make([]byte, 100)
		for {
			if _, from, err := p.ReadFrom(buffer); err == nil {
				_, _ = p.WriteTo([]byte(host(from)), from)
			}
		}
	}()
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		_, _ = io.WriteString(conn, host(conn.RemoteAddr()))
		conn.Close()
	}
}

func host(a net.Addr) string {
	h, _, _ := net.SplitHostPort(a.String())
	return h
}

// ask prints the answer to a question.
func ask(proto, address string) error {
	conn, err := net.DialTimeout(proto, address, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, "?"); err != nil {
		return err
	}
	answer := make([]byte, 100)
	n, err := conn.Read(answer)
	if err != nil {
		return err
	}
	fmt.Println(string(answer[:n]))
	return nil
}

// asker is the test's program for the host and its peers.
func asker(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), guestProgram)
	run(t, "cp", "/proc/"+fmt.Sprint(os.Getpid())+"/exe", path)
	return path
}

// answering is a guest that answers at its ports.
func answering(t testing.TB, name, devs string) guest {
	t.Helper()
	g := guest{Name: name, Root: busybox(t), Init: "/" + guestProgram, Args: "<initarg>answer</initarg>", Devs: devs}
	serve(t, g.Root)
	return g
}
