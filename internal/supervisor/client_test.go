package supervisor

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	ring "github.com/berthd/berth/internal/console"
	"github.com/berthd/berth/internal/wire"
)

// atLast is for what must happen, on a machine that is as busy as it likes.
const atLast = time.Minute

// terminal is a container's console in a test: a pipe stands for the terminal, and has what clients typed.
type terminal struct {
	*supervisor
	*console
	typed *os.File
}

func newTerminal(t *testing.T) terminal {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "console0"))
	if err != nil {
		t.Fatal(err)
	}
	typed, master, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := &console{master: master, clients: clients{ring: ring.NewRing(f), taken: make(chan struct{}, 1), patience: patience}}
	t.Cleanup(func() {
		_ = master.Close()
		_ = typed.Close()
		dismiss([]*console{c}, farewell)
		_ = f.Close()
	})
	return terminal{&supervisor{consoles: []*console{c}}, c, typed}
}

// open connects a client.
func (x terminal) open(t *testing.T, m wire.OpenConsole) (*os.File, unix.Errno) {
	t.Helper()
	kind := unix.SOCK_STREAM
	if m.Framed {
		kind = unix.SOCK_SEQPACKET
	}
	fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = unix.SetNonblock(fds[1], true)
	ours := os.NewFile(uintptr(fds[1]), "client")
	t.Cleanup(func() { _ = ours.Close() })
	_ = ours.SetDeadline(time.Now().Add(2 * atLast))
	return ours, x.openConsole(&m, os.NewFile(uintptr(fds[0]), "supervisor"))
}

func (x terminal) mustOpen(t *testing.T, m wire.OpenConsole) *os.File {
	t.Helper()
	f, refusal := x.open(t, m)
	if refusal != 0 {
		t.Fatal(refusal)
	}
	return f
}

func expect(t *testing.T, f *os.File, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(f, got); err != nil || string(got) != want {
		t.Fatalf("got %q, %v; want %q", got[:n], err, want)
	}
}

func packet(t *testing.T, f *os.File) ring.Packet {
	t.Helper()
	b := make([]byte, ring.MaxPacket+1)
	n, err := f.Read(b)
	p, ok := ring.Parse(b[:n])
	if err != nil || !ok {
		t.Fatalf("got %q, %v", b[:n], err)
	}
	return p
}

// TestClients: every client gets the kept output and all that follows, at its own pace.
func TestClients(t *testing.T) {
	t.Parallel()
	x := newTerminal(t)
	x.write([]byte("before "))
	first := x.mustOpen(t, wire.OpenConsole{})
	expect(t, first, "before ")
	x.write([]byte("then "))
	second := x.mustOpen(t, wire.OpenConsole{From: 7})
	expect(t, second, "then ")
	x.write([]byte("after"))
	expect(t, first, "then after")
	expect(t, second, "after")
	framed := x.mustOpen(t, wire.OpenConsole{Framed: true, From: 2})
	if p := packet(t, framed); p.Kind != ring.Input || p.On {
		t.Errorf("got %+v", p)
	}
	if p := packet(t, framed); p.Kind != ring.Output || p.At != 2 || string(p.Bytes) != "fore then after" {
		t.Errorf("got %+v", p)
	}
	other := x.mustOpen(t, wire.OpenConsole{From: 1000})
	expect(t, other, "before ")
}

// TestInput: one client has the input, until it leaves or another takes it by force.
func TestInput(t *testing.T) {
	t.Parallel()
	x := newTerminal(t)
	first := x.mustOpen(t, wire.OpenConsole{Framed: true})
	if p := packet(t, first); !p.On {
		t.Fatalf("got %+v", p)
	}
	if _, refusal := x.open(t, wire.OpenConsole{Safe: true}); refusal != unix.EBUSY {
		t.Errorf("safe: %v", refusal)
	}
	if _, refusal := x.open(t, wire.OpenConsole{Console: 1}); refusal != unix.ENOENT {
		t.Errorf("another console: %v", refusal)
	}
	reader := x.mustOpen(t, wire.OpenConsole{ReadOnly: true, Force: true})
	second := x.mustOpen(t, wire.OpenConsole{})
	for _, f := range []*os.File{reader, second} {
		if _, err := f.WriteString("ignored"); err != nil {
			t.Fatal(err)
		}
	}
	typing := func(s string) []byte { return (&ring.Packet{Kind: ring.Data, Bytes: []byte(s)}).Append(nil) }
	_, _ = first.Write(typing("one"))
	expect(t, x.typed, "one")

	third := x.mustOpen(t, wire.OpenConsole{Force: true})
	if p := packet(t, first); p.Kind != ring.Input || p.On {
		t.Fatalf("got %+v", p)
	}
	_, _ = first.Write(typing("ignored"))
	_, _ = first.Write((&ring.Packet{Kind: ring.Resize, Rows: 9, Columns: 9}).Append(nil))
	for heard := false; !heard; time.Sleep(time.Millisecond) { // that it was ignored while another had the input
		x.mu.Lock()
		heard = slices.ContainsFunc(x.list, func(v *client) bool { return v.rows == 9 })
		x.mu.Unlock()
	}
	_, _ = third.WriteString("three")
	expect(t, x.typed, "three")

	_ = third.Close() // the first waits the longest
	if p := packet(t, first); p.Kind != ring.Input || !p.On {
		t.Fatalf("got %+v", p)
	}
	_, _ = first.Write(typing("one"))
	expect(t, x.typed, "one")
}

// TestInputNobodyReads: input that the container does not read holds up no later client, and is not given to the
// container when its client has left.
func TestInputNobodyReads(t *testing.T) {
	t.Parallel()
	x := newTerminal(t)
	first := x.mustOpen(t, wire.OpenConsole{})
	_ = first.SetDeadline(time.Now().Add(300 * time.Millisecond))
	for chunk := bytes.Repeat([]byte("x"), 32<<10); ; { // until the pipe and the socket are full
		if _, err := first.Write(chunk); err != nil {
			break
		}
	}
	room := 0 // of the pipe that stands for the terminal: no more than this can have reached the container
	raw, err := x.typed.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { room, _ = unix.FcntlInt(fd, unix.F_GETPIPE_SZ, 0) })
	}
	if err != nil || room == 0 {
		t.Fatalf("the pipe has room for %d, %v", room, err)
	}
	second := x.mustOpen(t, wire.OpenConsole{Force: true})
	_ = first.Close()
	_, _ = second.WriteString("second\n")
	_ = x.typed.SetDeadline(time.Now().Add(atLast))
	text, err := bufio.NewReader(x.typed).ReadString('\n')
	if err != nil || strings.Trim(text, "x") != "second\n" || len(text) > room+len("second\n") {
		t.Errorf("%d bytes that end with %.20q, %v", len(text), text[max(0, len(text)-10):], err)
	}
}

// clientCount is how many clients the console has.
func (x terminal) clientCount() int {
	all, _ := x.count(0)
	return all
}

// TestManyClientsOfOne: a user has a limited number of clients, whatever others have. Root has no limit of his own.
func TestManyClientsOfOne(t *testing.T) {
	t.Parallel()
	x := newTerminal(t)
	for range maxUserClients {
		_ = x.mustOpen(t, wire.OpenConsole{User: 1001})
		_ = x.mustOpen(t, wire.OpenConsole{})
	}
	if _, refusal := x.open(t, wire.OpenConsole{User: 1001}); refusal != unix.EDQUOT {
		t.Errorf("one too many: %v", refusal)
	}
	_, _ = x.mustOpen(t, wire.OpenConsole{User: 1002}), x.mustOpen(t, wire.OpenConsole{})
}

// TestManyClients: a container has a limited number of clients, and one that leaves makes room.
func TestManyClients(t *testing.T) {
	t.Parallel()
	x := newTerminal(t)
	var all []*os.File
	for range maxClients {
		all = append(all, x.mustOpen(t, wire.OpenConsole{}))
	}
	if _, refusal := x.open(t, wire.OpenConsole{}); refusal != unix.EUSERS {
		t.Errorf("one too many: %v", refusal)
	}
	for i, f := range all {
		if i%2 == 0 { // it sends nothing more first
			raw, _ := f.SyscallConn()
			_ = raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_WR) })
			x.write([]byte("x"))
			expect(t, f, strings.Repeat("x", i/2+1))
		}
		_ = f.Close()
	}
	for until := time.Now().Add(atLast); x.clientCount() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%d clients that left are there", x.clientCount())
		}
	}
}

// TestSlowClient: a client that does not read delays the container for a short time once, and is told how much it
// missed.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	x := newTerminal(t)
	framed := x.mustOpen(t, wire.OpenConsole{Framed: true})
	bare := x.mustOpen(t, wire.OpenConsole{})
	line := []byte(fmt.Sprintf("%4095d\n", 1))
	began := time.Now()
	const lines = 1000
	for range lines {
		x.write(line)
	}
	if took := time.Since(began); took > lines*patience/10 {
		t.Errorf("it took %v", took)
	}
	_ = packet(t, framed) // that it has the input
	missed, seen := uint64(0), uint64(0)
	for seen+missed < lines*4096 {
		p := packet(t, framed)
		missed += p.At - missed - seen
		seen += uint64(len(p.Bytes))
	}
	if missed == 0 {
		t.Error("a client that did not read missed nothing")
	}
	got, bytesMissed := []byte{}, 0
	for buf := make([]byte, 64<<10); bytesMissed == 0; {
		n, err := bare.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, buf[:n]...)
		if at := bytes.Index(got, []byte("[berth: ")); at > 0 && bytes.Contains(got[at:], []byte("]\r\n")) {
			_, _ = fmt.Sscanf(string(got[at:]), "[berth: %d bytes", &bytesMissed)
		}
	}
}

// TestFastClient: a client that reads loses nothing, however fast the container writes.
func TestFastClient(t *testing.T) {
	t.Parallel()
	x := newTerminal(t)
	x.patience = atLast // on a busy machine nobody reads fast
	clients := []*os.File{x.mustOpen(t, wire.OpenConsole{}), x.mustOpen(t, wire.OpenConsole{})}
	const lines = 200_000
	results := make(chan error, len(clients))
	for _, f := range clients {
		go func() {
			want := make([]byte, 0, 16)
			in := bufio.NewReader(f)
			got := make([]byte, 16)
			for i := range lines {
				want = fmt.Appendf(want[:0], "%15d\n", i)
				if _, err := io.ReadFull(in, got); err != nil || !bytes.Equal(got, want) {
					results <- fmt.Errorf("line %d is %q, %w", i, got, err)
					return
				}
			}
			results <- nil
		}()
	}
	var text []byte
	for i := range lines {
		if text = fmt.Appendf(text, "%15d\n", i); len(text) > 4000 {
			x.write(text)
			text = text[:0]
		}
	}
	x.write(text)
	for range clients {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

// TestDismiss: at the end, a client that reads gets all of the output and is told that it is the end. One that does
// not read, and need not, does not delay that.
func TestDismiss(t *testing.T) {
	t.Parallel()
	x := newTerminal(t)
	framed, bare := x.mustOpen(t, wire.OpenConsole{Framed: true}), x.mustOpen(t, wire.OpenConsole{})
	for range 3 { // it does not read
		x.mustOpen(t, wire.OpenConsole{})
	}
	x.write(bytes.Repeat([]byte("last words\n"), 100))
	for range 80 { // the pipe has no room for so much: some of it is never read
		_, _ = framed.Write((&ring.Packet{Kind: ring.Data, Bytes: make([]byte, 1<<10)}).Append(nil))
	}
	dismiss(x.consoles, atLast)
	got, err := io.ReadAll(bare)
	if err != nil || len(got) != 1100 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	for kinds := ""; ; {
		p := packet(t, framed)
		kinds += string(p.Kind)
		if p.Kind == ring.End {
			if kinds != "ioe" || p.At != 1100 {
				t.Errorf("%s, %d", kinds, p.At)
			}
			return
		}
	}
}

// TestDismissDoesNotWait: a client that does not read delays the end for a short time only, and loses the rest.
func TestDismissDoesNotWait(t *testing.T) {
	t.Parallel()
	x := newTerminal(t)
	x.patience = 10 * time.Millisecond
	client := x.mustOpen(t, wire.OpenConsole{})
	const most = 8 << 20 // more than socket and ring have room for
	for range most / 4096 {
		x.write(make([]byte, 4096))
	}
	dismiss(x.consoles, 10*time.Millisecond)
	if got, err := io.ReadAll(client); err != nil || len(got) == most {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
