package namespace

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// TestOfProcess: a namespace that is opened by pid is that process's.
func TestOfProcess(t *testing.T) {
	t.Parallel()
	for _, k := range []Kind{Net, IPC, UTS} {
		f, err := OfProcess(uint32(os.Getpid()), k)
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if want, err := os.Stat("/proc/self/ns/" + string(k)); err != nil || !os.SameFile(got, want) {
			t.Errorf("%s: it is another, %v", k, err)
		}
		_ = f.Close()
	}
}

// TestOfNobody: a process that has ended, and a pid of nobody, are refused in words that tell them
// apart.
func TestOfNobody(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := uint32(cmd.Process.Pid)
	// First it has ended and is not reaped, then its pid is nobody's.
	for _, want := range []string{"has ended", "there is no process"} {
		if want == "has ended" {
			for status := ""; !strings.Contains(status, "(zombie)"); {
				text, err := os.ReadFile("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/status")
				if err != nil {
					t.Fatal(err)
				}
				status = string(text)
			}
		} else if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		if f, err := OfProcess(pid, Net); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, %v; want %q", f, err, want)
		}
	}
}

// TestNamedNobody: a network namespace that does not exist is refused by its name.
func TestNamedNobody(t *testing.T) {
	t.Parallel()
	if f, err := Named("no-such-name"); err == nil || !strings.Contains(err.Error(), "there is no network namespace 'no-such-name'") {
		t.Errorf("%v, %v", f, err)
	}
}
