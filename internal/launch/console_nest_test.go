//go:build nest

package launch_test

import (
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/console"
	"github.com/berthd/berth/service"
)

// open opens a console as a client.
func open(t *testing.T, s service.Supervisor, o service.ConsoleOptions) *os.File {
	t.Helper()
	f, err := s.OpenConsole(limited(t), 0, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// TestConsoleTalk: what a client types arrives, the window's size follows, and the client's connection goes on when
// the daemon is gone and when the next one has come.
func TestConsoleTalk(t *testing.T) {
	b := newBox(t, "stty -echo; echo ready; while read line; do echo \"got $line $(stty size)\"; done; echo end; exit 3")
	s := b.run(t)
	b.says(t, "ready")
	f := open(t, s, service.ConsoleOptions{Window: service.Window{Rows: 33, Columns: 99}})
	say := func(line, want string) {
		t.Helper()
		if _, err := f.WriteString(line + "\n"); err != nil {
			t.Fatal(err)
		}
		got := ""
		for buf := make([]byte, 100); !strings.HasSuffix(got, want+"\r\n"); {
			n, err := f.Read(buf)
			if err != nil {
				t.Fatalf("%v after %q; want %q", err, got, want)
			}
			got += string(buf[:n])
		}
	}
	say("one", "got one 33 99")
	if err := s.ResizeConsole(limited(t), 0, service.Window{Rows: 44, Columns: 111}); err != nil {
		t.Fatal(err)
	}
	say("two", "got two 44 111")
	leave(t, s)
	say("three", "got three 44 111")
	s = b.again(t, s)
	say("four", "got four 44 111")
	if _, err := s.OpenConsole(limited(t), 1, service.ConsoleOptions{}); err == nil {
		t.Error("a console that is not there was opened")
	}
	say("\x04", "end")
	if got := over(t, s); got != exited(3) {
		t.Errorf("got %+v", got)
	}
	if rest, err := io.ReadAll(f); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
}

// TestConsoleWhole: 100 MB go through a console intact to two clients, while one that does not read holds nobody up.
func TestConsoleWhole(t *testing.T) {
	const blocks, size = 100, 1 << 20
	b := newBox(t, "stty raw; read go < /tmp/go; i=0; while [ $i -lt 100 ]; do cat /tmp/block; i=$((i+1)); done")
	block := make([]byte, size)
	for i := range block {
		block[i] = byte(i*31 + i>>8)
	}
	b.write(t, "tmp/block", string(block))
	if err := unix.Mkfifo(b.root+"/tmp/go", 0o600); err != nil {
		t.Fatal(err)
	}
	s := b.run(t)
	lazy := open(t, s, service.ConsoleOptions{Framed: true})
	sums := make(chan string, 2)
	for range 2 {
		f := open(t, s, service.ConsoleOptions{})
		go func() {
			sum := crc32.NewIEEE()
			n, err := io.Copy(sum, f)
			sums <- fmt.Sprint(n, sum.Sum32(), err)
		}()
	}
	began := time.Now()
	b.write(t, "tmp/go", "go\n")
	want := crc32.NewIEEE()
	for range blocks {
		_, _ = want.Write(block)
	}
	for range 2 {
		if got, want := <-sums, fmt.Sprint(blocks*size, want.Sum32(), nil); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	t.Logf("%d bytes in %v", blocks*size, time.Since(began))
	if got := over(t, s); got != exited(0) {
		t.Errorf("got %+v", got)
	}
	seen, missed := uint64(0), uint64(0)
	for buf := make([]byte, console.MaxPacket); ; {
		n, err := lazy.Read(buf)
		p, ok := console.Parse(buf[:n])
		if err != nil || !ok {
			break
		}
		if p.Kind == console.Output {
			missed += p.At - seen - missed
			seen += uint64(len(p.Bytes))
		}
	}
	if seen > blocks*size/2 { // its socket has room for little
		t.Errorf("a client that did not read has %d bytes, and missed %d before them", seen, missed)
	}
}
