package enter

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/linux/born"
	"github.com/berthd/berth/test/goldenfile"
)

const all = unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWNET | unix.CLONE_NEWCGROUP

// commands are the golden ones, by file.
func commands() map[string]*Command {
	return map[string]*Command{
		"plain": {
			Argv: []string{"/bin/ls", "-l"}, Env: []string{"PATH=/bin", "A="}, Dir: "/", Namespaces: all,
			Keep: 1<<unix.CAP_CHOWN | 1<<unix.CAP_KILL | 1<<unix.CAP_BPF, Permitted: 1<<unix.CAP_CHOWN | 1<<unix.CAP_BPF, Caps: 41,
		},
		"full": {
			Argv: []string{"top"}, Env: []string{"PATH=/bin::/usr/bin/"}, Dir: "/tmp", UID: 33, GID: 34, Groups: []int{50, 51}, Terminal: true,
			Namespaces: all | unix.CLONE_NEWUSER | unix.CLONE_NEWTIME, User: true, Keep: ^uint64(0), Permitted: ^uint64(0), Inheritable: true, Caps: 41,
			Ignored: 1<<(unix.SIGHUP-1) | 1<<(unix.SIGPIPE-1) | 1<<63,
			Filter:  []unix.SockFilter{{Code: 6, K: 0x7fff0000}}, NoNewPrivs: true, Linux32: true, Files: &unix.Rlimit{Cur: 1024, Max: 4096}, OOMScoreAdj: "100",
			Label: "u:r:t:s0:c1,c2", MayLackIt: true,
			Limits: []Limit{{Name: "core", Number: unix.RLIMIT_CORE, Hard: 4096}, {Name: "nproc", Number: unix.RLIMIT_NPROC, Soft: 10, Hard: 1 << 40, Raised: true}},
		},
	}
}

// TestCalls: the calls of a command, from the host to its execution, are those that were agreed to.
func TestCalls(t *testing.T) {
	t.Parallel()
	for name, c := range commands() {
		file := filepath.Join("testdata", runtime.GOARCH, name+".golden") // the numbers are those of the architecture
		got := born.Listing(Calls(c))
		goldenfile.Check(t, file, got)
	}
}

// TestOrder: all rights are given up before the process exists that the container can see, and that process only
// becomes a session leader, resets its signals, and executes.
func TestOrder(t *testing.T) {
	t.Parallel()
	for name, c := range commands() {
		split := -1
		for i, call := range Calls(c) {
			if call.Split {
				split = i
			}
			before := []string{"enter the namespaces", "prctl", "set", "capset", "seccomp", "chdir", "keyctl", "open", "close", "write", "clone", "prlimit", "personality", "give the command the label"}
			after := []string{"setsid", "ioctl TIOCSCTTY", "sigaction", "sigprocmask", "prlimit", "look at", "close", "execute"}
			allowed := before
			if split >= 0 && i > split {
				allowed = after
			}
			ok := false
			for _, prefix := range allowed {
				ok = ok || strings.HasPrefix(call.Name, prefix)
			}
			if !ok {
				t.Errorf("%s: %d %s is not where it belongs", name, i, call.Name)
			}
		}
		if split < 0 {
			t.Errorf("%s: it does not split", name)
		}
	}
}

// TestExplain: what happened to the candidates tells why the command was not executed. A file that is there and cannot
// be executed counts more than one that is not.
func TestExplain(t *testing.T) {
	t.Parallel()
	const (
		missing = -int64(unix.ENOENT)
		noDir   = -int64(unix.ENOTDIR)
		denied  = -int64(unix.EACCES)
		found   = 5
	)
	for name, tc := range map[string]struct {
		argv    string
		results []int64 // of the last calls
		want    string
		status  int
	}{
		"missing":             {"/x", []int64{missing, missing, missing}, "/x: no such file in the container", 127},
		"directory":           {"/x", []int64{found, found, denied}, "/x: is a directory", 126},
		"interpreter":         {"/x", []int64{found, noDir, missing}, "/x: its interpreter (first line, after #!) or its loader is missing", 126},
		"denied":              {"/x", []int64{found, noDir, denied}, "/x: permission denied", 126},
		"hidden":              {"/x", []int64{denied, denied, denied}, "/x: permission denied", 126},
		"format":              {"/x", []int64{found, noDir, -int64(unix.ENOEXEC)}, "/x: neither a program of this machine nor a script that begins with #!", 126},
		"too long":            {"/x", []int64{found, noDir, -int64(unix.E2BIG)}, "/x: argument list too long", 126},
		"nowhere in PATH":     {"x", []int64{missing, missing, missing, noDir, noDir, noDir}, "x: command not found in PATH", 127},
		"denied, then none":   {"x", []int64{found, noDir, denied, missing, missing, missing}, "/a/x: permission denied", 126},
		"directory, then bad": {"x", []int64{found, found, denied, found, noDir, missing}, "/b/x: its interpreter (first line, after #!) or its loader is missing", 126},
		"directories only":    {"x", []int64{found, found, denied, found, found, denied}, "x: command not found in PATH", 127},
		"ends at the first":   {"x", []int64{found, noDir, -int64(unix.ENOEXEC)}, "/a/x: neither a program of this machine nor a script that begins with #!", 126},
	} {
		c := &Command{Argv: []string{tc.argv}, Env: []string{"PATH=/a:/b"}, Dir: "/"}
		results := append(make([]int64, len(Calls(c))-perCandidate*len(c.candidates())), withCloses(tc.results)...)
		errno := unix.Errno(-results[len(results)-1])
		got := Explain(c, &born.Error{Call: "execute", Errno: errno, Results: results})
		if got.Text != tc.want || got.Status != tc.status {
			t.Errorf("%s: %d %s; want %d %s", name, got.Status, got.Text, tc.status, tc.want)
		}
	}
	labelled := &Command{Argv: []string{"/x"}, Dir: "/", Label: "u:r:t:s0"}
	results := append(make([]int64, len(Calls(labelled))-perCandidate), withCloses([]int64{found, noDir, denied})...)
	const want = "/x: permission denied; with the label u:r:t:s0 the security policy of the host may deny it (ausearch -m avc)"
	if got := Explain(labelled, &born.Error{Call: "execute", Errno: unix.EACCES, Results: results}); got.Text != want {
		t.Errorf("%s; want %s", got.Text, want)
	}
	early := &born.Error{Call: "chdir /no", Errno: unix.ENOENT, Results: []int64{0, 0, missing}}
	if got := Explain(commands()["plain"], early); got.Text != "chdir /no: no such file or directory" || got.Status != 126 {
		t.Errorf("%d %s", got.Status, got.Text)
	}
	early = &born.Error{Call: "enter the namespaces", Errno: unix.ESRCH, Results: []int64{0, -int64(unix.ESRCH)}}
	if got := Explain(commands()["plain"], early); got.Text != "the container is ending: enter the namespaces: no such process" {
		t.Errorf("%d %s", got.Status, got.Text)
	}
}

// withCloses puts the results of the closes between those of the looks and of the executions.
func withCloses(results []int64) []int64 {
	var all []int64
	for i, r := range results {
		all = append(all, r)
		if i%3 != 2 {
			all = append(all, 0)
		}
	}
	return all
}
