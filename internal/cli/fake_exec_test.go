package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/berthd/berth/internal/client"
)

// executed is the command of a fake. It copies its input to its output when the input ends, says so on its error
// output, and ends.
type executed struct {
	over chan struct{}
	said chan struct{} // closed when it has written all
	exit client.Exit   // how it ends
}

// lasting is a command that ends only by a signal.
const lasting = "lasting"

func (f *fake) Exec(_ context.Context, p client.Path, c client.Command) (client.Execution, error) {
	text := fmt.Sprintf("%s: %q env=%q dir=%s user=%s group=%s", f.at(p).Name, c.Argv, c.Env, c.Dir, c.User, c.Group)
	if c.NoLabel {
		text += " no label"
	}
	if err := f.call("Exec", text); err != nil {
		return client.Execution{}, err
	}
	f.executed.over, f.executed.said = make(chan struct{}), make(chan struct{})
	x := client.Execution{Process: "/org/berth1/process/_1", Ends: map[string]*os.File{}}
	var theirs [3]*os.File
	for i, name := range []string{"stdin", "stdout", "stderr"} {
		reader, writer, err := os.Pipe()
		if err != nil {
			return x, err
		}
		x.Ends[name], theirs[i] = reader, writer
		if i == 0 {
			x.Ends[name], theirs[i] = writer, reader
		}
	}
	go func() {
		input, _ := io.ReadAll(theirs[0])
		_, _ = theirs[1].Write(input)
		_, _ = theirs[2].WriteString("done\n")
		close(f.executed.said)
		// A process that it leaves behind keeps its output open.
		if c.Argv[0] != "leaves" {
			_ = theirs[1].Close()
			_ = theirs[2].Close()
		}
		if c.Argv[0] != lasting {
			close(f.executed.over)
		}
	}()
	return x, nil
}

func (f *fake) SendProcessSignal(_ context.Context, p client.Path, pid int64, signal uint32) error {
	return f.call("SendProcessSignal", fmt.Sprintf("%s %d %d", f.at(p).Name, pid, signal))
}

func (f *fake) Wait(context.Context, client.Path) (client.Exit, error) {
	<-f.executed.over
	return f.executed.exit, nil
}

func (f *fake) Kill(_ context.Context, p client.Path, signal int32) error {
	<-f.executed.said
	f.executed.exit = client.Exit{Kind: "killed", Code: signal}
	close(f.executed.over)
	return nil
}

// input is a reader for a command's input.
func input(s string) io.Reader { return strings.NewReader(s) }
