package audit

import (
	"encoding/binary"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/elastic/go-libaudit/v2"
)

// fakeSocket answers a message as a test says. It is the library's interface, so nothing reaches a kernel.
type fakeSocket struct {
	libaudit.NetlinkSendReceiver
	sent    []syscall.NetlinkMessage
	send    error
	answers [][]syscall.NetlinkMessage
	receive []error // before the answers
}

func (f *fakeSocket) Send(m syscall.NetlinkMessage) (uint32, error) {
	f.sent = append(f.sent, m)
	return uint32(len(f.sent)), f.send
}

func (f *fakeSocket) Receive(nonBlocking bool, _ libaudit.NetlinkParser) ([]syscall.NetlinkMessage, error) {
	switch {
	case !nonBlocking:
		return nil, errors.New("it would wait for ever")
	case len(f.receive) > 0:
		err := f.receive[0]
		f.receive = f.receive[1:]
		return nil, err
	case len(f.answers) == 0:
		return nil, syscall.EAGAIN
	}
	a := f.answers[0]
	f.answers = f.answers[1:]
	return a, nil
}

// answer is the kernel's to a message.
func answer(seq uint32, kind uint16, errno syscall.Errno) []syscall.NetlinkMessage {
	return []syscall.NetlinkMessage{{
		Header: syscall.NlMsghdr{Type: kind, Seq: seq}, Data: binary.NativeEndian.AppendUint32(nil, uint32(-int32(errno))),
	}}
}

// TestSend: a record is sent as one message with an end of string, and its error is the kernel's answer to this
// message. No answer is an error too, never a wait.
func TestSend(t *testing.T) {
	t.Parallel()
	list := func(a ...[]syscall.NetlinkMessage) [][]syscall.NetlinkMessage { return a }
	for name, c := range map[string]struct {
		socket fakeSocket
		want   error
	}{
		"taken":                 {fakeSocket{answers: list(answer(1, syscall.NLMSG_ERROR, 0))}, nil},
		"no right":              {fakeSocket{answers: list(answer(1, syscall.NLMSG_ERROR, syscall.EPERM))}, syscall.EPERM},
		"no audit for us":       {fakeSocket{send: syscall.ECONNREFUSED}, syscall.ECONNREFUSED},
		"no room":               {fakeSocket{send: syscall.ENOBUFS}, syscall.ENOBUFS},
		"no answer":             {fakeSocket{}, syscall.EAGAIN},
		"an old answer before":  {fakeSocket{answers: list(answer(0, syscall.NLMSG_ERROR, syscall.EPERM), answer(1, syscall.NLMSG_ERROR, 0))}, nil},
		"a message before":      {fakeSocket{answers: list(answer(1, 1300, syscall.EPERM), answer(1, syscall.NLMSG_ERROR, 0))}, nil},
		"interrupted":           {fakeSocket{receive: []error{syscall.EINTR}, answers: list(answer(1, syscall.NLMSG_ERROR, 0))}, nil},
		"the kernel is flooded": {fakeSocket{receive: []error{syscall.ENOBUFS}}, syscall.ENOBUFS},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := (netlink{&c.socket}).Send(Control, "virt=lxc"); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			m := c.socket.sent[0]
			if m.Header.Type != 2500 || m.Header.Flags != syscall.NLM_F_REQUEST|syscall.NLM_F_ACK || string(m.Data) != "virt=lxc\x00" {
				t.Errorf("sent %+v", m)
			}
		})
	}
	flood := fakeSocket{}
	for range maxAnswers + 1 {
		flood.answers = append(flood.answers, answer(9, syscall.NLMSG_ERROR, 0))
	}
	if err := (netlink{&flood}).Send(Control, ""); err == nil || !strings.Contains(err.Error(), "none came") {
		t.Errorf("answers to others: %v", err)
	}
}

// TestPIDNamespace: the number of a process's pid namespace is the inode's, and 0 without a process.
func TestPIDNamespace(t *testing.T) {
	t.Parallel()
	info, err := os.Stat("/proc/self/ns/pid")
	if err != nil {
		t.Fatal(err)
	}
	want := info.Sys().(*syscall.Stat_t).Ino
	for _, process := range []string{"self", strconv.Itoa(os.Getpid())} {
		if got := pidNamespace(process); got != want {
			t.Errorf("%s: %d, want %d", process, got, want)
		}
	}
	if got := pidNamespace("4194305"); got != 0 {
		t.Errorf("of nobody: %d", got)
	}
}
