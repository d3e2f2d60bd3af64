//go:build nest

package nest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/internal/remote/xdr"
)

// The procedures of libvirt's protocol that are called here.
const (
	remoteOpen      = 1
	remoteAuthList  = 66
	remotePolkit    = 70
	remoteLookup    = 23
	remoteCallbacks = 316
	remoteDefine    = 350
	remoteStart     = 301
)

// remotePacket is a call of libvirt's protocol. kind is 0, or 4 if descriptors follow.
func remotePacket(procedure int32, kind uint32, write func(*xdr.Encoder)) []byte {
	e := xdr.NewEncoder(nil)
	for _, word := range []uint32{0, 0x20008086, 1, uint32(procedure), kind, 1, 0} {
		e.U32(word)
	}
	if write != nil {
		write(e)
	}
	e.SetU32(0, uint32(e.Len()))
	return e.Bytes()
}

// remoteClient is a client as small as it can be.
type remoteClient struct{ fd int }

// remoteAs connects a user as often as wanted. Who connects is noted then.
func remoteAs(t *testing.T, id uintptr, socket string, times int) []remoteClient {
	t.Helper()
	var list []remoteClient
	onThreadOf(t, id, func() error {
		for range times {
			fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
			if err != nil {
				return err
			}
			limit := syscall.Timeval{Sec: int64(patience / time.Second)} // nothing here waits for ever
			if err := errors.Join(syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &limit),
				syscall.Connect(fd, &syscall.SockaddrUnix{Name: socket})); err != nil {
				return errors.Join(err, syscall.Close(fd))
			}
			list = append(list, remoteClient{fd})
		}
		return nil
	})
	return list
}

// say sends, until berthd takes no more or has hung up. It reports whether all is sent.
func (c remoteClient) say(b []byte) bool {
	for len(b) > 0 {
		n, err := unix.SendmsgN(c.fd, b, nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
		if errors.Is(err, unix.EAGAIN) {
			poll := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLOUT}}
			if n, _ := unix.Poll(poll, 200); n == 1 {
				continue
			}
		}
		if err != nil {
			return false
		}
		b = b[n:]
	}
	return true
}

// answer reads one packet. It returns an error if that says one, or if berthd has hung up.
func (c remoteClient) answer() error {
	head := make([]byte, 28)
	read := func(b []byte) error {
		for len(b) > 0 {
			n, err := syscall.Read(c.fd, b)
			switch {
			case errors.Is(err, syscall.EINTR):
				continue
			case err != nil:
				return err
			case n == 0:
				return io.EOF
			}
			b = b[n:]
		}
		return nil
	}
	if err := read(head); err != nil {
		return err
	}
	body := make([]byte, binary.BigEndian.Uint32(head)-28)
	if err := read(body); err != nil {
		return err
	}
	if binary.BigEndian.Uint32(head[24:]) != 0 {
		return fmt.Errorf("refused: %q", body)
	}
	return nil
}

// opened authenticates, opens a connection, and looks for web.
func (c remoteClient) opened(authenticate int32) error {
	for _, p := range [][]byte{
		remotePacket(authenticate, 0, nil), remotePacket(remoteOpen, 0, func(e *xdr.Encoder) { e.OptionalText("lxc:///system"); e.U32(0) }),
		remotePacket(remoteLookup, 0, func(e *xdr.Encoder) { e.Text("web") }),
	} {
		c.say(p)
		if err := c.answer(); err != nil {
			return fmt.Errorf("procedure %d: %w", binary.BigEndian.Uint32(p[12:]), err)
		}
	}
	return nil
}

func (c remoteClient) close() { _ = syscall.Close(c.fd) }

// floods are what hostile users do, each on a connection that is open already, and again until it is false.
func floods(t *testing.T) map[string]func(c remoteClient) bool {
	t.Helper()
	long := bytes.Repeat([]byte{'x'}, 1<<20)
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = null.Close() })
	text := func(procedure int32, what []byte) []byte {
		return remotePacket(procedure, 0, func(e *xdr.Encoder) { e.Text(string(what)); e.U32(0) })
	}
	half := binary.BigEndian.AppendUint32(nil, 8<<20)
	for range 5 {
		half = append(half, long...)
	}
	lookups, defines := bytes.Repeat(text(remoteLookup, []byte("web")), 100), bytes.Repeat(text(remoteDefine, long), 10)
	return map[string]func(c remoteClient) bool{
		"halves":    func(c remoteClient) bool { c.say(half); return false },
		"lookups":   func(c remoteClient) bool { return c.say(lookups) },
		"documents": func(c remoteClient) bool { return c.say(defines) },
		"lies":      func(c remoteClient) bool { return c.say(bytes.Repeat([]byte{0xff}, 1000)) },
		"descriptors": func(c remoteClient) bool {
			if !c.say(remotePacket(remoteStart, 4, func(e *xdr.Encoder) { e.U32(32) })) {
				return false
			}
			for range 16 {
				if unix.Sendmsg(c.fd, []byte{0}, unix.UnixRights(int(null.Fd())), nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT) != nil {
					return false
				}
			}
			return true
		},
		"callbacks": func(c remoteClient) bool {
			return c.say(bytes.Repeat(remotePacket(remoteCallbacks, 0, func(e *xdr.Encoder) { e.I32(0); e.Bool(false) }), 100))
		},
	}
}

// TestLibvirtFlood: users who each do their worst with all connections that they get, at once and again, get bounded
// memory and descriptors of berthd. Root and an honest user are served meanwhile, and when the others have gone berthd
// is as it was.
func TestLibvirtFlood(t *testing.T) {
	const (
		each   = 64 // connections of one of them, of which berthd may refuse some
		rounds = 3
	)
	names := []string{"honest"}
	what := floods(t)
	for name := range what {
		names = append(names, name)
	}
	people(t, names...)
	polkitRules(t, `polkit.addRule(function(action, subject) {
		if (action.id == "org.berth1.connect" && action.lookup("verb") == "Connect" || action.id == "org.berth1.read") return polkit.Result.YES;
	});`)
	withLibvirt(t)
	sleeper(t, "web").start(t)
	id := func(name string) uintptr {
		n, err := strconv.Atoi(run(t, "id", "-u", name))
		if err != nil {
			t.Fatal(err)
		}
		return uintptr(n)
	}
	served := func(name string) {
		t.Helper()
		c := remoteAs(t, id(name), libvirtSocket, 1)[0]
		defer c.close()
		if err := c.opened(remotePolkit); err != nil {
			t.Fatalf("%s is not served: %v", name, err)
		}
	}
	served("root")
	served("honest")
	pid := daemon(t)
	open, held := len(descriptors(t, pid)), resident(t, pid)
	var all sync.WaitGroup
	for name, flood := range what {
		user, socket, authenticate := id(name), libvirtSocket+"-ro", int32(remoteAuthList)
		if name == "descriptors" { // who only reads can pass none
			socket, authenticate = libvirtSocket, remotePolkit
		}
		all.Go(func() {
			for range rounds {
				list := remoteAs(t, user, socket, each)
				var work sync.WaitGroup
				for _, c := range list {
					work.Go(func() {
						for on := c.opened(authenticate) == nil; on; on = flood(c) {
						}
					})
				}
				work.Wait()
				for _, c := range list {
					c.close()
				}
			}
		})
	}
	t.Cleanup(all.Wait)
	over := make(chan struct{})
	go func() {
		all.Wait()
		close(over)
	}()
	most, files := 0, 0
	for on := true; on; {
		select {
		case <-over:
			on = false
		default:
		}
		served("root")
		served("honest")
		most, files = max(most, resident(t, pid)), max(files, len(descriptors(t, pid)))
	}
	fmt.Printf("flood: %d KiB before, %d at most; %d descriptors before, %d at most\n", held, most, open, files)
	if most > held+400<<10 {
		t.Errorf("berthd held %d KiB, and %d while they flooded it", held, most)
	}
	if files > open+2*len(what)*each+512+64 { // an epoll instance and a socket of each, what one has passed, and those that are refused
		t.Errorf("berthd had %d descriptors, and %d while they flooded it", open, files)
	}
	atRest := func() error {
		if n, kib := len(descriptors(t, pid)), resident(t, pid); n > open || kib > held+16<<10 {
			return fmt.Errorf("berthd had %d descriptors and held %d KiB, and has %d and holds %d", open, held, n, kib)
		}
		return nil
	}
	for end := time.Now().Add(2 * time.Minute); atRest() != nil && time.Now().Before(end); time.Sleep(pulse) {
	}
	if err := atRest(); err != nil {
		t.Error(err)
	}
	if now := daemon(t); now != pid {
		t.Errorf("berthd was %d, and is %d", pid, now)
	}
}
