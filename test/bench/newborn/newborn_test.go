package newborn

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// exit is the end of a list: a shell that exits with 7 if its argument is what it should be.
func exit() Call {
	return Call{Name: "execve", Number: unix.SYS_EXECVE, Args: []any{
		"/bin/sh", []string{"sh", "-c", `[ "$A" = b ] && exit 7`}, []string{"A=b"},
	}}
}

// live runs a list to its end.
func live(t *testing.T, calls ...Call) (int, error) {
	t.Helper()
	p, err := Start(0, -1, calls)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	status, err := p.Wait()
	return status.ExitStatus(), err
}

// TestExecute: a list executes its program, with arguments and environment, in the first process and in a second one.
func TestExecute(t *testing.T) {
	t.Parallel()
	split := Call{Name: "clone", Number: unix.SYS_CLONE, Split: true, Args: []any{
		unix.CLONE_PARENT | unix.CLONE_VM | unix.CLONE_PARENT_SETTID | int(unix.SIGCHLD), 0, Told{},
	}}
	for name, calls := range map[string][]Call{"first": {exit()}, "second": {split, exit()}} {
		for range 50 {
			if status, err := live(t, calls...); status != 7 || err != nil {
				t.Errorf("%s process: status %d, %v", name, status, err)
			}
		}
	}
}

// TestFails: a call that fails ends the list, and comes back by its name with its errno.
func TestFails(t *testing.T) {
	t.Parallel()
	status, err := live(t, Call{Name: "getpid", Number: unix.SYS_GETPID}, Call{Name: "chdir", Number: unix.SYS_CHDIR, Args: []any{"/no/such"}}, exit())
	if status != 1 || err == nil || err.Error() != "chdir: "+unix.ENOENT.Error() {
		t.Errorf("status %d, %v", status, err)
	}
	if _, err := Start(1<<63, -1, nil); err == nil {
		t.Error("flags that there are not: no error")
	}
}

// TestDescriptors: the process has the descriptors of its parent, by their numbers.
func TestDescriptors(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	status, err := live(t, Call{Name: "write", Number: unix.SYS_WRITE, Args: []any{int(w.Fd()), []byte("hello"), 5}}, exit())
	w.Close()
	text := make([]byte, 10)
	n, rerr := r.Read(text)
	if status != 7 || err != nil || rerr != nil || !strings.HasPrefix(string(text[:n]), "hello") {
		t.Errorf("status %d, %v; %q, %v", status, err, text[:n], rerr)
	}
}
