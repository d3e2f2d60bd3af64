package born

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// shell is the end of a list: a shell with a script.
func shell(script string) Call {
	return Call{Name: "execve", Number: unix.SYS_EXECVE, Args: []Arg{
		Text("/bin/sh"), Texts([]string{"sh", "-c", script}), Texts([]string{"A=b"}),
	}}
}

// twin is the second process of a list. Its parent is the caller.
func twin() Call {
	return Call{Name: "clone", Number: unix.SYS_CLONE, Args: []Arg{Int(unix.CLONE_PARENT | int(unix.SIGCHLD))}, Split: true}
}

// live runs a list to its end. It returns what the child wrote, its exit status, and the error of Await.
func live(t *testing.T, calls ...Call) (out string, status int, err error) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	b := Birth{Files: []*os.File{null, writer, writer, null}, Keep: 3, Calls: calls}
	n, err := b.Start()
	_ = writer.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if err := n.Limit(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	text, rerr := io.ReadAll(reader)
	err = n.Await()
	status = reap(t, n.PID)
	if child := n.Child(); child != 0 {
		status = reap(t, child)
	}
	if rerr != nil {
		t.Fatal(rerr)
	}
	return string(text), status, err
}

func reap(t *testing.T, pid int) int {
	t.Helper()
	var st unix.WaitStatus
	if got, err := unix.Wait4(pid, &st, 0, nil); got != pid || err != nil {
		t.Fatalf("wait for %d: %d, %v", pid, got, err)
	}
	return st.ExitStatus()
}

// TestExecute: a list that ends with a program executes it, with its arguments, environment and descriptors, and no
// other ones.
func TestExecute(t *testing.T) {
	t.Parallel()
	out, status, err := live(t, shell(`echo $0 $A; for n in 0 1 2 3 4 5 6 7 8 9 10 11 12; do [ ! -e /proc/$$/fd/$n ] || echo $n; done; exit 3`))
	if out != "sh b\n0\n1\n2\n" || status != 3 || err != nil {
		t.Errorf("%q, %d, %v", out, status, err)
	}
}

// TestSplit: the second process of a list goes on where the first one ends, and is the caller's child.
func TestSplit(t *testing.T) {
	t.Parallel()
	out, status, err := live(t, twin(), shell(`echo $PPID; exit 4`))
	want := strconv.Itoa(os.Getpid()) + "\n"
	if out != want || status != 4 || err != nil {
		t.Errorf("%q, %d, %v; want %q", out, status, err, want)
	}
}

// TestResult: a call gets the result of an earlier one.
func TestResult(t *testing.T) {
	t.Parallel()
	text := "written by number\n"
	out, _, err := live(t,
		Call{Name: "dup", Number: unix.SYS_DUP, Args: []Arg{Int(1)}},
		Call{Name: "write", Number: unix.SYS_WRITE, Args: []Arg{Result(0), Bytes([]byte(text)), Int(len(text))}},
		Call{Name: "close", Number: unix.SYS_CLOSE, Args: []Arg{Result(0)}},
		shell("exit 0"))
	if out != text || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

// TestFailure: a call that fails ends the list, in the first process and in the second one, and comes back by its name
// with its errno and the results before it.
func TestFailure(t *testing.T) {
	t.Parallel()
	missing := Call{Name: "chdir /no/such", Number: unix.SYS_CHDIR, Args: []Arg{Text("/no/such")}}
	tolerated := missing
	tolerated.Tolerate = []unix.Errno{unix.EACCES, unix.ENOENT}
	getpid := Call{Name: "getpgid", Number: unix.SYS_GETPGID, Args: []Arg{Int(0)}}
	for name, before := range map[string][]Call{
		"first process": {getpid, tolerated}, "second process": {getpid, tolerated, twin()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, status, err := live(t, append(slices.Clone(before), missing, shell("echo alive"))...)
			failed, ok := errors.AsType[*Error](err)
			if !ok || out != "" || status != 1 || err.Error() != "chdir /no/such: no such file or directory" || !errors.Is(err, unix.ENOENT) {
				t.Fatalf("%q, %d, %v", out, status, err)
			}
			r := failed.Results
			if len(r) != len(before)+1 || int(r[0]) != unix.Getpgrp() || r[1] != -int64(unix.ENOENT) || r[len(r)-1] != -int64(unix.ENOENT) {
				t.Errorf("results %v", r)
			}
		})
	}
}

// TestTolerate: a list goes on after an error that it tolerates.
func TestTolerate(t *testing.T) {
	t.Parallel()
	out, _, err := live(t,
		Call{Name: "chdir", Number: unix.SYS_CHDIR, Args: []Arg{Text("/no/such")}, Tolerate: []unix.Errno{unix.ENOENT}},
		shell("echo alive"))
	if out != "alive\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

// TestSignals: the child has all signals blocked until the list changes that.
func TestSignals(t *testing.T) {
	t.Parallel()
	// Not a shell: it may unblock them.
	out, _, err := live(t, Call{Name: "execve", Number: unix.SYS_EXECVE, Args: []Arg{
		Text("/bin/grep"), Texts([]string{"grep", "SigBlk", "/proc/self/status"}), Texts(nil),
	}})
	if out != "SigBlk:\tfffffffffffbfeff\n" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
}

// TestUserNamespace: unlike a program with threads, the child can enter a user namespace.
func TestUserNamespace(t *testing.T) {
	t.Parallel()
	out, _, err := live(t,
		Call{Name: "unshare", Number: unix.SYS_UNSHARE, Args: []Arg{Int(unix.CLONE_NEWUSER)}},
		shell("readlink /proc/self/ns/user"))
	own, rerr := os.Readlink("/proc/self/ns/user")
	if rerr != nil || err != nil || out == own+"\n" || !strings.HasPrefix(out, "user:[") {
		t.Errorf("%q, %v, %v", out, err, rerr)
	}
}

// TestRefused: a list that cannot be carried out is refused before a child exists.
func TestRefused(t *testing.T) {
	t.Parallel()
	for want, calls := range map[string][]Call{
		"the result of a later call":   {{Name: "close", Args: []Arg{Result(0)}}},
		"a list of 600 calls":          make([]Call, 600),
		"too many arguments or errors": {{Name: "x", Args: make([]Arg, 7)}},
	} {
		if p, err := assemble(calls); p != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestManyAtOnce: children of many threads at once, while Go collects garbage and other threads start programs, all do
// their work, and leave no descriptor.
func TestManyAtOnce(t *testing.T) { //nolint:paralleltest // it counts descriptors
	before := descriptorsOf(t)
	stop := make(chan struct{})
	var noise, work sync.WaitGroup
	noise.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
				_ = exec.Command("true").Run()
			}
		}
	})
	for range 8 {
		work.Go(func() {
			for range 25 {
				if out, status, err := live(t, twin(), shell("echo $PPID; exit 5")); !strings.HasSuffix(out, "\n") || status != 5 || err != nil {
					t.Errorf("%q, %d, %v", out, status, err)
				}
			}
		})
	}
	work.Wait()
	close(stop)
	noise.Wait()
	if after := descriptorsOf(t); after > before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

func descriptorsOf(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// BenchmarkTrue: how long a child takes from Start to its end, with two processes and without a namespace.
func BenchmarkTrue(b *testing.B) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		birth := Birth{Files: []*os.File{null, null, null}, Keep: 3, Calls: []Call{twin(), {
			Name: "execve", Number: unix.SYS_EXECVE, Args: []Arg{Text("/bin/true"), Texts([]string{"true"}), Texts(nil)},
		}}}
		n, err := birth.Start()
		if err != nil {
			b.Fatal(err)
		}
		err = n.Await()
		_, _ = unix.Wait4(n.PID, nil, 0, nil)
		_, _ = unix.Wait4(n.Child(), nil, 0, nil)
		n.Close()
		if err != nil {
			b.Fatal(err)
		}
	}
}

// TestChild: the pid of the second process is known although nobody reports it, and that process has not the memory in
// which the kernel says it, nor that of this program.
func TestChild(t *testing.T) {
	t.Parallel()
	waits := Call{Name: "ppoll", Number: unix.SYS_PPOLL, Args: []Arg{Int(0), Int(0), Int(0), Int(0), Int(0)}}
	n, err := (&Birth{Calls: []Call{twin(), waits}}).Start()
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	for end := time.Now().Add(time.Minute); n.Child() == 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if err := n.Limit(time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := n.Await(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	reap(t, n.PID)
	child := n.Child()
	if child <= 0 {
		t.Fatalf("the second process is %d", child)
	}
	maps, err := os.ReadFile("/proc/" + strconv.Itoa(child) + "/maps")
	if err != nil || strings.Contains(string(maps), "/dev/zero") {
		t.Errorf("%v, it has\n%s", err, maps)
	}
	if n := strings.Count(string(maps), " rw-p "); n != 1 && !iscgo { // its list, with its stack
		t.Errorf("it has %d memories to write to\n%s", n, maps)
	}
	if err := unix.Kill(child, unix.SIGKILL); err != nil {
		t.Error(err)
	}
	reap(t, child)
}
