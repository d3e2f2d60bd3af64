package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/test/bench/proto"
)

// Link is the connection to the agent in a nest. It carries one request at a time.
type Link struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	replies chan answer
	errs    output
	closing sync.Once
}

type answer struct {
	reply proto.Reply
	err   error
}

// output keeps what the agent writes to its standard error.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(bytes.TrimSpace(o.text.Bytes()))
}

// Connect copies this program into the nest and starts it there as the agent.
func Connect(n *Nest) (*Link, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if err := CopyExecutable(self, filepath.Join(n.Out(), "bench")); err != nil {
		return nil, err
	}
	l := &Link{cmd: n.Command("bench-agent", "/run/nest/out/bench", "agent"), replies: make(chan answer, 1)}
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if l.in, err = l.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	l.cmd.Stderr = &l.errs
	if err := l.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start agent in %s: %w", n.name, err)
	}
	go l.read(out)
	return l, nil
}

// read forwards replies until the agent ends.
func (l *Link) read(out io.Reader) {
	decoder := json.NewDecoder(out)
	for {
		var a answer
		a.err = decoder.Decode(&a.reply)
		l.replies <- a
		if a.err != nil {
			close(l.replies)
			return
		}
	}
}

// AgentError is an error that the agent reports: the peer failed, not the link.
type AgentError struct{ Text string }

func (e *AgentError) Error() string { return e.Text }

// Do sends one request and returns its reply. It returns an *AgentError, and a reply with the part that
// was done, if the agent reports an error. After any other error the link cannot be used any more.
func (l *Link) Do(ctx context.Context, request proto.Request) (proto.Reply, error) {
	if err := json.NewEncoder(l.in).Encode(request); err != nil {
		return proto.Reply{}, fmt.Errorf("send %s %s: %w: %s", request.Op, request.Peer, err, l.errs.String())
	}
	select {
	case a := <-l.replies:
		switch {
		case a.err != nil:
			return proto.Reply{}, fmt.Errorf("%s %s: agent ended: %w: %s", request.Op, request.Peer, a.err, l.errs.String())
		case a.reply.Error != "":
			return a.reply, &AgentError{a.reply.Error}
		}
		return a.reply, nil
	case <-ctx.Done():
		return proto.Reply{}, ctx.Err()
	}
}

// Close ends the agent. It does not wait for the agent's end: Down waits for the end of the whole nest.
func (l *Link) Close() error {
	var err error
	l.closing.Do(func() {
		// The whole process group: children of the rig's script hold our pipes open.
		err = errors.Join(l.in.Close(), unix.Kill(-l.cmd.Process.Pid, unix.SIGKILL))
		// The status is always "killed".
		_ = l.cmd.Wait()
	})
	return err
}
