//go:build nest

package nest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// guestProgram is the name under which the test's own program runs in a container. It is static.
const guestProgram = "serve"

// serve puts the test's program into a root, as /serve.
func serve(t testing.TB, root string) {
	t.Helper()
	run(t, "cp", "/proc/"+fmt.Sprint(os.Getpid())+"/exe", filepath.Join(root, guestProgram))
}

// actAsGuest is what the program does in a container: it serves what it was passed, says something to
// NOTIFY_SOCKET, or does what a hostile guest does with the network.
func actAsGuest(args []string) int {
	err := fmt.Errorf("what? %q", args)
	if len(args) > 0 && args[0] == "say" {
		err = say(strings.Join(args[1:], "\n"))
	} else if len(args) == 2 && args[0] == "listen" {
		err = serveAt(args[1])
	} else if len(args) == 1 && args[0] == "flood" {
		err = flood()
	} else if len(args) == 1 && args[0] == "advertise" {
		err = advertise()
	} else if len(args) == 2 && args[0] == "unlink" {
		err = unlinkOfHost(args[1])
	} else if len(args) == 1 && args[0] == "keyring" {
		err = sessionKeyring()
	} else if len(args) == 1 && args[0] == "answer" {
		err = answerPorts()
	} else if len(args) == 3 && args[0] == "ask" {
		err = ask(args[1], args[2])
	} else if len(args) == 0 {
		err = servePassed()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func say(text string) error {
	conn, err := net.Dial("unixgram", os.Getenv("NOTIFY_SOCKET"))
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte(text))
	return err
}

// serveAt listens itself, and then says that it is ready.
func serveAt(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	if err := say("READY=1\nSTATUS=listening"); err != nil {
		return err
	}
	return answerAll(l)
}

func servePassed() error {
	l, err := net.FileListener(os.NewFile(3, "passed"))
	if err != nil {
		return err
	}
	return answerAll(l)
}

// answerAll answers each connection with its line and the name of the passed socket.
func answerAll(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		line, _ := bufio.NewReader(conn).ReadString('\n')
		fmt.Fprintf(conn, "%s from %s\n", strings.TrimSpace(line), os.Getenv("LISTEN_FDNAMES"))
		conn.Close()
	}
}
