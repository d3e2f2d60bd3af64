//go:build bus

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/client/clienttest"
	"github.com/berthd/berth/test/bus"
)

const (
	asBerthctl = "BERTHCTL_TEST_RUN_MAIN"
	web        = client.Path("/org/berth1/container/_6695eb01_f6a4_8304_79aa_97f2502e193f")
)

// TestMain makes the test binary berthctl itself, for the processes that the tests start.
func TestMain(m *testing.M) {
	if os.Getenv(asBerthctl) != "" {
		main()
	}
	os.Exit(m.Run())
}

func command(t *testing.T, address string, args ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asBerthctl+"=1", "LIBVIRT_DEFAULT_URI=", "DBUS_SYSTEM_BUS_ADDRESS="+address)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	return cmd, &out, &errs
}

func status(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatal(err)
	return -1
}

func replies(body ...any) clienttest.Answer {
	return func(clienttest.Call) ([]any, error) { return body, nil }
}

func refuses(name, message string) clienttest.Answer {
	return func(clienttest.Call) ([]any, error) { return nil, &client.Error{Name: name, Message: message} }
}

// TestBusCommands: the program prints virsh's words and exits with 0 or 1, for each kind of
// command.
func TestBusCommands(t *testing.T) {
	b := bus.Start(t)
	var defined sync.Map
	clienttest.Serve(t, b.Connect(t), map[string]clienttest.Answer{
		"GetContainerByName": func(c clienttest.Call) ([]any, error) {
			if c.Args[0] == "web" {
				return []any{web}, nil
			}
			return nil, &client.Error{Name: contract.ErrorNoSuchContainer, Message: "no such container"}
		},
		"ListContainers": replies([]client.Summary{{Name: "web", ID: 7, UUID: "6695", State: "running", Path: web}}),
		"DefineXML": func(c clienttest.Call) ([]any, error) {
			defined.Store("xml", c.Args[0])
			return []any{web}, nil
		},
		"Start":       refuses("org.berth1.Error.AlreadyRunning", `cannot start domain "web": domain is already active`),
		"Destroy":     replies(),
		"ReadConsole": replies([]byte("hello\n")),
		"Get":         replies(dbus.MakeVariant("1.2")),
	})
	for _, tc := range []struct {
		line, in, out, err string
		status             int
	}{
		{line: "list", out: " Id   Name   State\n----------------------\n 7    web    running\n"},
		{line: "-q define -", in: "<domain/>"},
		{line: "start web", err: "error: cannot start domain \"web\": domain is already active\n", status: 1},
		{line: "start nosuch", err: "error: failed to get domain 'nosuch'\n", status: 1},
		{line: "destroy web", out: "Domain 'web' destroyed\n"},
		{line: "console-log web", out: "hello\n"},
		{line: "__complete destroy w", out: "web\n:4\n", err: "Completion ended with directive: ShellCompDirectiveNoFileComp\n"},
		{line: "start", err: "error: command 'start' requires <domain> option\n", status: 1},
	} {
		cmd, out, errs := command(t, b.Address, strings.Fields(tc.line)...)
		cmd.Stdin = strings.NewReader(tc.in)
		got := status(t, cmd.Run())
		if got != tc.status || out.String() != tc.out || errs.String() != tc.err {
			t.Errorf("%s: status %d\n%s%s", tc.line, got, out, errs)
		}
	}
	if xml, _ := defined.Load("xml"); xml != "<domain/>" {
		t.Errorf("defined %v", xml)
	}
}

// TestBusInterrupt: a Ctrl-C while berthd is at work ends berthctl with 1 and says that berthd goes
// on.
func TestBusInterrupt(t *testing.T) {
	b := bus.Start(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	clienttest.Serve(t, b.Connect(t), map[string]clienttest.Answer{
		"GetContainerByName": replies(web),
		"Start": func(clienttest.Call) ([]any, error) {
			close(arrived)
			<-release
			return nil, nil
		},
	})
	cmd, out, errs := command(t, b.Address, "start", "web")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-arrived:
	case <-time.After(time.Minute):
		t.Error("no call came in")
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if got := status(t, cmd.Wait()); got != 1 || !strings.HasPrefix(errs.String(), "error: interrupted, but berthd carries the command out") {
		t.Errorf("status %d\n%s%s", got, out, errs)
	}
}

// TestBusWithoutBerthd: without berthd on the bus, berthctl asks whether it is installed and exits
// with 1.
func TestBusWithoutBerthd(t *testing.T) {
	b := bus.Start(t)
	cmd, out, errs := command(t, b.Address, "list")
	want := "error: there is no org.berth1 on the system bus; is berthd installed?\n"
	if got := status(t, cmd.Run()); got != 1 || errs.String() != want || out.Len() > 0 {
		t.Errorf("status %d\n%s%s", got, out, errs)
	}
}

// TestBusDaemonDies: a berthd that ends before it answers is told as that, with the way to see what
// was done.
func TestBusDaemonDies(t *testing.T) {
	b := bus.Start(t)
	conn := b.Connect(t)
	clienttest.Serve(t, conn, map[string]clienttest.Answer{
		"GetContainerByName": replies(web),
		"Start": func(clienttest.Call) ([]any, error) {
			conn.Close()
			return nil, nil
		},
	})
	cmd, out, errs := command(t, b.Address, "start", "web")
	want := "error: berthd ended before it answered; \"berthctl list --all\" shows what was done\n"
	if got := status(t, cmd.Run()); got != 1 || errs.String() != want || out.Len() > 0 {
		t.Errorf("status %d\n%s%s", got, out, errs)
	}
}
