package born

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// workers runs a test with a child that has its own memory, and with one that shares ours.
func workers(t *testing.T, test func(t *testing.T, w *Worker, out *os.File)) {
	t.Helper()
	for name, shared := range map[string]bool{"own memory": false, "shared memory": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, out := worker(t, shared)
			test(t, w, out)
		})
	}
}

// worker creates a child with three descriptors, and what it writes to the second.
func worker(t *testing.T, shared bool) (w *Worker, out *os.File) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = writer.Close() }()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	b := Birth{Files: []*os.File{null, writer, writer}, Keep: 3, Shared: shared}
	if w, err = b.Worker(0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = unix.Kill(w.PID, unix.SIGKILL)
		reap(t, w.PID)
		w.Close()
		_ = w.Process.Close()
		_ = reader.Close()
	})
	return w, reader
}

func (w *Worker) openAt(path string, flags int) Ref {
	return w.Do(What{Op: "open", Object: path}, unix.SYS_OPENAT, Int(unix.AT_FDCWD), Text(path), Int(flags), Int(0o600))
}

func (w *Worker) execute(script string) {
	c := shell(script)
	w.Do(What{Op: c.Name}, c.Number, c.Args...)
}

// TestWorker: lists are carried out one after the other, with results of earlier ones, until one executes a program,
// which has no descriptors but its own.
func TestWorker(t *testing.T) {
	t.Parallel()
	workers(t, testWorker)
}

func testWorker(t *testing.T, w *Worker, out *os.File) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	f := w.openAt(path, unix.O_CREAT|unix.O_RDWR)
	w.Do(What{Op: "write"}, unix.SYS_WRITE, Of(f), Text("hello"), Int(5))
	if err := w.Run(); err != nil {
		t.Fatal(err)
	}
	if n := w.Result(f); n != 4 { // after 0 to 2, and the socket
		t.Errorf("it is descriptor %d", n)
	}
	room := w.Room(16)
	read := w.Do(What{Op: "pread"}, unix.SYS_PREAD64, Of(f), At(room), Int(16), Int(1))
	got := ""
	w.Owner = owner{check: func() { got = string(room[:w.Result(read)]) }}
	if err := w.Run(); err != nil || got != "ello" {
		t.Fatalf("%q, %v", got, err)
	}
	w.Owner = nil
	w.Do(What{Op: "close"}, unix.SYS_CLOSE, Of(f))
	w.execute("for n in 0 1 2 3 4 5 6; do [ ! -e /proc/$$/fd/$n ] || echo $n; done")
	if err := w.Run(); !errors.Is(err, ErrOver) {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(out); string(text) != "0\n1\n2\n" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

// TestWorkerFails: a call that fails is told by name, those after it are not carried out, and another list can follow.
func TestWorkerFails(t *testing.T) {
	t.Parallel()
	workers(t, testWorkerFails)
}

func testWorkerFails(t *testing.T, w *Worker, _ *os.File) {
	t.Helper()
	dir := t.TempDir()
	w.openAt(dir+"/missing", unix.O_RDONLY)
	w.openAt(dir+"/not made", unix.O_CREAT)
	err := w.Run()
	if f, ok := errors.AsType[*Failure](err); !ok || f.Error() != "open "+dir+"/missing: no such file or directory" || !errors.Is(err, unix.ENOENT) {
		t.Errorf("%v", err)
	}
	w.openAt(dir+"/made", unix.O_CREAT)
	if err := w.Run(); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(dir); len(entries) != 1 || err != nil {
		t.Errorf("%v, %v", entries, err)
	}
}

// TestWorkerDepends: a call is left out unless one before it, in this list or an earlier one, has had the result it
// depends on.
func TestWorkerDepends(t *testing.T) {
	t.Parallel()
	for _, apart := range []bool{false, true} {
		w, _ := worker(t, apart)
		dir := t.TempDir()
		missing := w.openAt(dir+"/missing", unix.O_RDONLY)
		w.Tolerate(unix.EACCES, unix.ENOENT)
		there := w.openAt(dir, unix.O_RDONLY)
		w.Tolerate(unix.ENOENT)
		if apart {
			if err := w.Run(); err != nil {
				t.Fatal(err)
			}
		}
		for name, guard := range map[string]func(){
			"a": func() { w.If(there) }, "b": func() { w.IfFailed(missing, unix.ENOENT) },
			"x": func() { w.If(missing) }, "y": func() { w.IfFailed(missing, unix.EACCES) }, "z": func() { w.IfFailed(there, unix.ENOENT) },
		} {
			w.openAt(filepath.Join(dir, name), unix.O_CREAT)
			guard()
		}
		if err := w.Run(); err != nil {
			t.Fatal(err)
		}
		names, err := filepath.Glob(dir + "/*")
		if got := strings.ReplaceAll(strings.Join(names, " "), dir, ""); got != "/a /b" || err != nil {
			t.Errorf("%v: %s, %v", apart, got, err)
		}
	}
}

// TestWorkerMends: what a failed call needs can be made aside, and the list goes on.
func TestWorkerMends(t *testing.T) {
	t.Parallel()
	workers(t, testWorkerMends)
}

func testWorkerMends(t *testing.T, w *Worker, _ *os.File) {
	t.Helper()
	dir := t.TempDir()
	tried := 0
	f := w.openAt(dir+"/a/file", unix.O_CREAT|unix.O_RDWR)
	w.Owner = owner{mend: func(at Ref, err *Failure) (int, error) {
		switch {
		case err.Object == dir+"/a":
			return 0, err
		case at != f:
			return 2, nil
		case tried > 0 || err.Errno != unix.ENOENT || err.Object != dir+"/a/file":
			t.Errorf("%d times: %v", tried, err)
		}
		tried++
		w.openAt(dir+"/a", unix.O_PATH)
		if err := w.Run(); !errors.Is(err, unix.ENOENT) {
			t.Errorf("aside: %v", err)
		}
		w.Do(What{Op: "mkdir"}, unix.SYS_MKDIRAT, Int(unix.AT_FDCWD), Text(dir+"/a"), Int(0o700))
		return 0, w.Run()
	}}
	w.Do(What{Op: "write"}, unix.SYS_WRITE, Of(f), Text("x"), Int(1))
	w.openAt(dir+"/b/file", unix.O_RDONLY)
	w.openAt(dir+"/skipped", unix.O_CREAT)
	w.openAt(dir+"/last", unix.O_CREAT)
	if err := w.Run(); err != nil || tried != 1 {
		t.Fatal(tried, err)
	}
	for name, want := range map[string]bool{"a/file": true, "skipped": false, "last": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.Owner = owner{mend: func(_ Ref, err *Failure) (int, error) { return 0, errors.Join(errors.New("told"), err.Errno) }}
	w.openAt(dir+"/b/file", unix.O_RDONLY)
	if err := w.Run(); err == nil || err.Error() != "told\nno such file or directory" {
		t.Error(err)
	}
}

// owner is an Owner of functions.
type owner struct {
	mend  func(Ref, *Failure) (int, error)
	check func()
}

func (o owner) Mend(at Ref, err *Failure) (int, error) {
	if o.mend == nil {
		return 0, err
	}
	return o.mend(at, err)
}

func (o owner) Check() error {
	if o.check != nil {
		o.check()
	}
	return nil
}

// TestWorkerLong: a list that is longer than the memory for it, and refers to what was at its beginning, is carried out
// in pieces.
func TestWorkerLong(t *testing.T) {
	t.Parallel()
	workers(t, testWorkerLong)
}

func testWorkerLong(t *testing.T, w *Worker, _ *os.File) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	f := w.openAt(path, unix.O_CREAT|unix.O_RDWR)
	const lines = 3 * maxOrders
	for range lines {
		w.Do(What{Op: "write"}, unix.SYS_WRITE, Of(f), Text(strings.Repeat("x", 100)), Int(100))
	}
	if err := w.Run(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != 100*lines {
		t.Errorf("%v, %v", info, err)
	}
	w.Do(What{Op: "write"}, unix.SYS_WRITE, Of(f), Bytes(make([]byte, 1<<20)), Int(1<<20))
	if err := w.Run(); !errors.Is(err, unix.E2BIG) {
		t.Error(err)
	}
}

// TestWorkerSends: descriptors that a child has opened reach its parent in their order.
func TestWorkerSends(t *testing.T) {
	t.Parallel()
	workers(t, testWorkerSends)
}

func testWorkerSends(t *testing.T, w *Worker, _ *os.File) {
	t.Helper()
	dir := t.TempDir()
	var refs []Arg
	for _, name := range []string{"a", "b"} {
		refs = append(refs, Of(w.openAt(filepath.Join(dir, name), unix.O_CREAT|unix.O_RDWR)))
	}
	w.Send(refs...)
	if err := w.Run(); err != nil {
		t.Fatal(err)
	}
	all := w.Received()
	if len(all) != 2 {
		t.Fatalf("got %d", len(all))
	}
	for i, name := range []string{"a", "b"} {
		got, err := all[i].Stat()
		want, werr := os.Stat(filepath.Join(dir, name))
		if err != nil || werr != nil || !os.SameFile(got, want) {
			t.Errorf("%s: %v, %v", name, err, werr)
		}
		_ = all[i].Close()
	}
}

// TestWorkerDies: the end of a child that executes nothing is told as such.
func TestWorkerDies(t *testing.T) {
	t.Parallel()
	workers(t, testWorkerDies)
}

func testWorkerDies(t *testing.T, w *Worker, _ *os.File) {
	t.Helper()
	if err := w.Run(); err != nil {
		t.Fatal(err)
	}
	w.Do(What{Op: "exit"}, unix.SYS_EXIT_GROUP, Int(3))
	if err := w.Run(); !errors.Is(err, ErrOver) {
		t.Error(err)
	}
	if err := w.Run(); err != nil { // nothing to do
		t.Error(err)
	}
	w.openAt("/", unix.O_RDONLY)
	if err := w.Run(); !errors.Is(err, ErrOver) {
		t.Error(err)
	}
}
