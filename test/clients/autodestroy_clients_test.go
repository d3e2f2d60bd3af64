//go:build clients

package clients

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"testing"
)

// owner is python3-libvirt with a container that ends with its connection.
type owner struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Scanner
}

func owns(t *testing.T, args ...string) *owner {
	t.Helper()
	o := &owner{cmd: exec.Command("python3", append([]string{here + "/testdata/owner.py"}, args...)...)}
	in, err := o.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := o.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	o.in, o.out = in, bufio.NewScanner(out)
	if err := o.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.kill)
	o.says(t, "started")
	return o
}

func (o *owner) kill() {
	_ = o.cmd.Process.Kill()
	_ = o.cmd.Wait()
}

// is told what to do, and has done it.
func (o *owner) is(t *testing.T, told string) {
	t.Helper()
	if _, err := io.WriteString(o.in, told+"\n"); err != nil {
		t.Fatal(err)
	}
	o.says(t, "done")
}

func (o *owner) says(t *testing.T, want string) {
	t.Helper()
	if !o.out.Scan() || o.out.Text() != want {
		t.Fatalf("python said %q, not %q", o.out.Text(), want)
	}
}

// TestAutodestroyed: a container that a client starts to end with its connection is destroyed when that connection
// ends, however it does: by its close, by the end of the process, by a cut, with berthd. It goes on when other
// connections end.
func TestAutodestroyed(t *testing.T) {
	host(t)
	define(t, "web", idle, "")
	for name, end := range map[string]func(t *testing.T, o *owner){
		"the client closes it": func(t *testing.T, o *owner) { o.is(t, "close") },
		"it is cut":            func(t *testing.T, o *owner) { o.is(t, "cut") },
		"the client is killed": func(_ *testing.T, o *owner) { o.kill() },
		"berthd is killed": func(t *testing.T, _ *owner) {
			shell(t, "kill -KILL $(systemctl show berthd --property=MainPID --value)")
		},
		"berthd is restarted": func(t *testing.T, _ *owner) { shell(t, "systemctl restart berthd") },
	} {
		t.Run(name, func(t *testing.T) {
			o := owns(t, "web")
			o.is(t, "close the other")
			virsh(t, "list")
			if got := virsh(t, "domstate --reason web"); got != "running (booted)" {
				t.Fatalf("another connection has ended, and it is %s", got)
			}
			end(t, o)
			is(t, "web", "shut off")
			if got := virsh(t, "domstate --reason web"); got != "shut off (destroyed)" {
				t.Errorf("it is %s", got)
			}
		})
	}
}

// TestAutodestroyedNext: what one client has started to end with its connection, and somebody else has stopped and
// started again, is not destroyed with that connection.
func TestAutodestroyedNext(t *testing.T) {
	host(t)
	define(t, "web", idle, "")
	define(t, "last", idle, "")
	o := owns(t, "web", "last")
	virsh(t, "destroy web")
	virsh(t, "start web")
	before := virsh(t, "domid web")
	o.is(t, "close")
	is(t, "last", "shut off") // they are destroyed in the order in which they were started
	if got := virsh(t, "domid web"); got != before {
		t.Errorf("it was %s and is %s", before, got)
	}
}

// TestAutodestroyByVirsh: virsh start --autodestroy and virsh create --autodestroy, by themselves and in virsh's shell:
// the container lives as long as virsh.
func TestAutodestroyByVirsh(t *testing.T) {
	host(t)
	stored := define(t, "web", idle, "")
	transient := write(t, "passing", idle, "")
	for _, g := range []struct{ line, name string }{
		{"start --autodestroy " + stored.Name, "web"}, {"create --autodestroy " + transient.File, "passing"},
	} {
		t.Run(g.line[:6], func(t *testing.T) {
			running := func(want string) {
				t.Helper()
				eventually(t, func() error {
					if got := virsh(t, "list --name"); got != want {
						return fmt.Errorf("%q runs, not %q", got, want)
					}
					return nil
				})
			}
			virsh(t, g.line)
			running("")
			m := onTerminal(t, "virsh -c lxc:///system")
			m.shows(t, "virsh #")
			m.types(t, g.line+"\r")
			running(g.name)
			m.types(t, "quit\r")
			m.ends(t)
			running("")
		})
	}
	if got := virsh(t, "list --all --name"); got != "web" {
		t.Errorf("there is %s, want web only", got)
	}
}
