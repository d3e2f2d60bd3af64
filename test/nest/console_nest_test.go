//go:build nest

package nest

import (
	"bufio"
	"context"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/internal/client"
)

// attached is berthctl at a console, without a terminal.
type attached struct {
	*exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	errors strings.Builder
}

// attach runs "berthctl console" until the test's end.
func attach(t *testing.T, args ...string) *attached {
	t.Helper()
	a := &attached{Cmd: exec.Command("berthctl", append([]string{"console"}, args...)...)}
	a.Stderr = &a.errors
	var err error
	if a.in, err = a.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := a.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	a.out = bufio.NewReader(out)
	if err := a.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if a.ProcessState == nil {
			_ = a.Process.Kill()
			_ = a.Wait()
		}
	})
	return a
}

// until reads the output up to a line with a text.
func (a *attached) until(t *testing.T, text string) string {
	t.Helper()
	timer := time.AfterFunc(patience, func() { _ = a.Process.Kill() })
	defer timer.Stop()
	for all := ""; ; {
		line, err := a.out.ReadString('\n')
		all += line
		if strings.Contains(line, text) {
			return all
		}
		if err != nil {
			t.Fatalf("%v before %q in %q; %s", err, text, all, a.errors.String())
		}
	}
}

// TestConsoleClients: several clients see what a container prints, and one of them types. Each refusal is a clear
// error, and nothing stays open.
func TestConsoleClients(t *testing.T) {
	clean(t)
	g := script(t, "web", "stty -echo; echo hello; while read line; do echo \"got $line\"; [ \"$line\" != end ] || exit 3; done")
	g.start(t)
	says(t, "web", "hello")
	supervisor := keeperOf(info(t, "web"))
	before := len(descriptors(t, supervisor))

	first := attach(t, "web")
	first.until(t, "hello")
	second := attach(t, "web", "--devname", "console0")
	second.until(t, "hello")
	fmt.Fprintln(second.in, "ignored")
	fmt.Fprintln(first.in, "one")
	first.until(t, "got one")
	second.until(t, "got one")
	third := attach(t, "web", "--force")
	third.until(t, "got one")
	fmt.Fprintln(third.in, "three")
	first.until(t, "got three")

	run(t, "systemctl", "stop", "berthd") // the connections do not need it
	fmt.Fprintln(third.in, "four")
	second.until(t, "got four")

	for args, want := range map[string]string{
		"web --safe":             "error: cannot open the console of domain \"web\": another client has the console's input",
		"web --devname console1": "error: cannot open the console of domain \"web\": no such console: 'console1'; it has console0",
		"nosuch":                 "error: failed to get domain 'nosuch'",
	} {
		if r := try(t, "berthctl", append([]string{"console"}, strings.Fields(args)...)...); r.Err != want || r.Status != 1 {
			t.Errorf("%s: %+v", args, r)
		}
	}
	_ = third.Process.Kill()
	_ = third.Wait()
	eventually(t, func() error { // two more, with their sockets; there could have been a reader of the log before
		if now := len(descriptors(t, supervisor)); now > before+2 {
			return fmt.Errorf("the supervisor has %d descriptors open, %d before", now, before)
		}
		return nil
	})
	fmt.Fprintln(first.in, "end")
	first.until(t, "got end")
	for _, a := range []*attached{first, second} {
		if err := a.Wait(); err != nil {
			t.Errorf("%v: %s", err, a.errors.String())
		}
	}
	const want = "berthctl: another client has taken the input\nberthctl: the input is here now\n"
	if got := first.errors.String(); got != want {
		t.Errorf("the first was told %q", got)
	}
	becomes(t, "web", "shutoff/shutdown")
	if r := try(t, "berthctl", "console", "web"); r.Err != `error: cannot open the console of domain "web": domain is not running` || r.Status != 1 {
		t.Errorf("it is off: %+v", r)
	}
}

// TestConsoleHundredMegabytes: 100 MB go through a console and berthctl intact, beside a client of bare bytes that does
// not read.
func TestConsoleHundredMegabytes(t *testing.T) {
	clean(t)
	g := script(t, "web", "stty raw -echo; echo ready; read go; i=0; while [ $i -lt 100 ]; do cat /block; i=$((i+1)); done; exit 0")
	block := make([]byte, 1<<20)
	for i := range block {
		block[i] = byte(i*31 + i>>8)
	}
	if err := os.WriteFile(filepath.Join(g.Root, "block"), block, 0o600); err != nil {
		t.Fatal(err)
	}
	g.start(t)
	a := attach(t, "web")
	a.until(t, "ready")
	lazy := openConsole(t, "web")
	want := crc32.NewIEEE()
	for range 100 {
		_, _ = want.Write(block)
	}
	begun := time.Now()
	fmt.Fprintln(a.in, "go")
	sum := crc32.NewIEEE()
	timer := time.AfterFunc(2*time.Minute, func() { _ = a.Process.Kill() })
	defer timer.Stop()
	n, err := io.Copy(sum, a.out)
	if err != nil || n != 100<<20 || sum.Sum32() != want.Sum32() {
		t.Errorf("%d bytes with sum %x, %v; want %x", n, sum.Sum32(), err, want.Sum32())
	}
	fmt.Printf("console: 100 MB in %v\n", time.Since(begun).Round(time.Millisecond))
	if err := a.Wait(); err != nil || a.errors.Len() > 0 {
		t.Errorf("%v: %s", err, a.errors.String())
	}
	_ = lazy.Close()
}

// openConsole opens a console over D-Bus, as a client that does not read.
func openConsole(t *testing.T, name string) *os.File {
	t.Helper()
	c := bus(t)
	path, err := c.ByName(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := c.OpenConsole(context.Background(), path, "", client.ConsoleOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// TestConsolesOutliveDaemons: 50 clients at the consoles of 50 containers miss nothing while berthd is killed twice.
// One that is stopped meanwhile misses what is not kept, and says so.
func TestConsolesOutliveDaemons(t *testing.T) {
	clean(t)
	const many, lines = 50, 600
	root := script(t, "", "stty -echo; echo ready; read go; i=0; while [ $i -lt "+strconv.Itoa(lines)+" ]; do i=$((i+1)); echo \"line $i\"; usleep 10000; done; read go").Root
	noisy := script(t, "noisy", "stty -echo; echo ready; read go; seq 1 200000; echo THE END; read go")
	noisy.start(t)
	stopped := attach(t, "noisy")
	stopped.until(t, "ready")
	if err := stopped.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(stopped.in, "go")

	var all []*attached
	for i := range many {
		g := guest{Name: fmt.Sprintf("many%d", i), Root: root, Init: "/init"}
		run(t, "berthctl", "create", g.file(t))
		t.Cleanup(func() { try(t, "berthctl", "destroy", g.Name) })
		a := attach(t, g.Name)
		a.until(t, "ready")
		fmt.Fprintln(a.in, "go")
		all = append(all, a)
	}
	var clients sync.WaitGroup
	for i, a := range all {
		clients.Go(func() {
			for n := 1; n <= lines; n++ {
				line, err := a.out.ReadString('\n')
				if want := fmt.Sprintf("line %d\r\n", n); line != want {
					t.Errorf("client %d got %q, %v; want %q; %s", i, line, err, want, a.errors.String())
					return
				}
			}
			fmt.Fprintln(a.in, "end")
		})
	}
	killDaemon(t)
	run(t, "berthctl", "list")
	killDaemon(t)
	clients.Wait()
	for i, a := range all {
		if err := a.Wait(); err != nil || a.errors.Len() > 0 {
			t.Errorf("client %d: %v, %s", i, err, a.errors.String())
		}
	}
	if err := stopped.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	got := stopped.until(t, "THE END")
	fmt.Fprintln(stopped.in, "end")
	if err := stopped.Wait(); err != nil {
		t.Error(err)
	}
	missed := 0
	for line := range strings.Lines(stopped.errors.String()) { // one for each gap
		n := 0
		if _, err := fmt.Sscanf(line, "berthctl: %d bytes of output were missed\n", &n); err != nil {
			t.Errorf("the stopped client says %q: %v", line, err)
		}
		missed += n
	}
	whole := len("ready\r\nTHE END\r\n")
	for i := 1; i <= 200000; i++ {
		whole += len(strconv.Itoa(i)) + 2
	}
	if kept := len(got) + len("ready\r\n"); kept+missed != whole || kept < 64<<10 {
		t.Errorf("it has %d bytes and missed %d of %d", kept, missed, whole)
	}
}
