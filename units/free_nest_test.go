//go:build nest

package units_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/internal/cgroup"
)

// TestNameIsFree: a scope that has ended by itself, or was stopped, is waited for once its control group is gone. Its
// name can be used at once then, 100 times.
func TestNameIsFree(t *testing.T) {
	h := connect(t)
	for i := range 100 {
		sleep := spawn(t, "sleep", "100")
		if _, err := h.client.Start(within(t, time.Minute), scope(sleep)); err != nil {
			t.Fatalf("cycle %d: %v", i, err)
		}
		group := groupOf(t, sleep.Process.Pid)
		if i%2 == 0 {
			systemctl(t, "stop", "--no-block", "machine-test.scope") // it waits for the process
		}
		end(sleep)
		for deadline := time.Now().Add(time.Minute); ; {
			if _, err := os.Stat(group); errors.Is(err, fs.ErrNotExist) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("systemd does not see that the process has ended")
			}
		}
		if err := h.client.AwaitFree(within(t, time.Minute), "machine-test.scope"); err != nil {
			t.Fatalf("cycle %d: %v", i, err)
		}
	}
	gone(t, "machine-test.scope")
}

// groupOf is the directory of a process's control group.
func groupOf(t *testing.T, pid int) string {
	t.Helper()
	at, err := cgroup.MountPoint()
	if err != nil {
		t.Fatal(err)
	}
	group, err := cgroup.Of(uint32(pid))
	if err != nil || !strings.HasSuffix(group, "/machine-test.scope") {
		t.Fatalf("the process is in %s, %v", group, err)
	}
	return at + group
}

// TestNameAfterADeathOnTheWay: a process that dies at any moment while systemd moves it into its scope leaves no
// scope that keeps its name, 300 times.
func TestNameAfterADeathOnTheWay(t *testing.T) {
	h := connect(t)
	for i := range 300 {
		sleep := spawn(t, "sleep", "100")
		killed := make(chan struct{})
		go func() {
			defer close(killed)
			time.Sleep(time.Duration(i%60) * 50 * time.Microsecond)
			end(sleep)
		}()
		_, err := h.client.Start(within(t, time.Minute), scope(sleep))
		<-killed
		if ferr := h.client.AwaitFree(within(t, time.Minute), "machine-test.scope"); ferr != nil {
			t.Fatalf("cycle %d, started with %v: %v", i, err, ferr)
		}
	}
	gone(t, "machine-test.scope")
}

// TestNameOfAnother: a live scope of that name, another's, is not waited for and not touched.
func TestNameOfAnother(t *testing.T) {
	h := connect(t)
	other := spawn(t, "systemd-run", "--quiet", "--scope", "--slice=machine.slice", "--unit=machine-test.scope", "sleep", "100")
	for deadline := time.Now().Add(time.Minute); exec.Command("systemctl", "--quiet", "is-active", "machine-test.scope").Run() != nil; {
		if time.Now().After(deadline) {
			t.Fatal("the scope did not start")
		}
		time.Sleep(5 * time.Millisecond)
	}
	if err := h.client.AwaitFree(within(t, time.Minute), "machine-test.scope"); err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(other.Process.Pid, 0); err != nil {
		t.Errorf("the other's process: %v", err)
	}
	end(other)
	if err := h.client.Stop(within(t, time.Minute), "machine-test.scope"); err != nil {
		t.Fatal(err)
	}
	gone(t, "machine-test.scope")
}

// TestNameIsFreeUnderReexec: the wait goes on over a systemd that reloads or executes itself anew.
func TestNameIsFreeUnderReexec(t *testing.T) {
	h := connect(t)
	for _, verb := range []string{"daemon-reload", "daemon-reexec"} {
		for i := range 10 {
			sleep := spawn(t, "sleep", "100")
			if _, err := h.client.Start(within(t, time.Minute), scope(sleep)); err != nil {
				t.Fatal(err)
			}
			systemctl(t, "stop", "--no-block", "machine-test.scope") // it waits for the process
			anew := spawn(t, "systemctl", verb)
			time.Sleep(time.Duration(i) * 3 * time.Millisecond)
			ended := make(chan error, 1)
			ctx := within(t, time.Minute)
			go func() { ended <- h.client.AwaitFree(ctx, "machine-test.scope") }()
			_ = anew.Wait()
			select {
			case err := <-ended:
				t.Errorf("%s %d: it ended with %v before the scope", verb, i, err)
				end(sleep)
			default:
				end(sleep)
				if err := <-ended; err != nil {
					t.Errorf("%s %d: %v", verb, i, err)
				}
			}
			if err := h.client.Stop(within(t, time.Minute), "machine-test.scope"); err != nil {
				t.Error(err)
			}
			systemctl(t, "is-system-running", "--wait")
		}
	}
	gone(t, "machine-test.scope")
}
