package hostnet

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/berthd/berth/service"
)

// describe is the elements of sets as text: the key and the value.
func describe(sets []set) (list []string) {
	for _, s := range sets {
		for _, e := range s.elements {
			list = append(list, fmt.Sprintf("%s %x %x %s", s.Name, e.Key, e.Val, e.Comment))
		}
	}
	return list
}

// TestSetsOf: a port has an element for each family that the container has an address of, which names its owner, and
// the way back is there for the host and the container's own link, once for each of the container's ports.
func TestSetsOf(t *testing.T) {
	t.Parallel()
	const name, none = "62657274683000000000000000000000", "00000000000000000000000000000000"
	for _, c := range []struct {
		list []service.Forward
		want []string
	}{
		{nil, nil},
		{[]service.Forward{{Proto: "tcp", Host: 8080, Guest: 80, Link: "berth0", Network: "default"}}, nil},
		{[]service.Forward{{Proto: "tcp", Host: 0x1f90, Guest: 80, To4: "10.0.0.2", Link: "berth0"}, {Proto: "tcp", Host: 81, Guest: 80, To4: "10.0.0.2", Link: "berth0"}}, []string{
			"ports4 00000000060000001f900000 0a00000200500000 me",
			"ports4 000000000600000000510000 0a00000200500000 me",
			"back4 " + none + "0a0000020600000000500000  me",
			"back4 " + name + "0a0000020600000000500000  me",
		}},
		{[]service.Forward{{Proto: "udp", Host: 53, Guest: 53, To6: "fd00::2", Address: "2001:db8::1", Link: "berth0"}}, []string{
			"ports6 20010db80000000000000000000000011100000000350000 fd00000000000000000000000000000200350000 me",
			"back6 " + none + "fd0000000000000000000000000000021100000000350000  me",
			"back6 " + name + "fd0000000000000000000000000000021100000000350000  me",
		}},
	} {
		sets, err := setsOf("me", c.list)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, describe(sets)); diff != "" {
			t.Errorf("want (-), got (+):\n%s", diff)
		}
	}
	if got := nameOf([]byte("berth0\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00rest")); got != "berth0" {
		t.Errorf("the name is %q", got)
	}
	for _, bad := range []service.Forward{{To4: "x"}, {To4: "10.0.0.2", Address: "x"}} {
		if sets, err := setsOf("me", []service.Forward{bad}); err == nil {
			t.Errorf("%+v became %v", bad, describe(sets))
		}
	}
}

// TestPlaces: a port is reserved in the families in which it is forwarded, or will be, and at its address only.
func TestPlaces(t *testing.T) {
	t.Parallel()
	four, six := netip.MustParseAddrPort("0.0.0.0:80"), netip.MustParseAddrPort("[::]:80")
	for _, c := range []struct {
		port service.Forward
		want []netip.AddrPort
	}{
		{service.Forward{Host: 80, To4: "10.0.0.2"}, []netip.AddrPort{four}},
		{service.Forward{Host: 80, Network: "default"}, []netip.AddrPort{four}},
		{service.Forward{Host: 80, To4: "10.0.0.2", To6: "fd00::2"}, []netip.AddrPort{four, six}},
		{service.Forward{Host: 80, To4: "10.0.0.2", Address: "127.0.0.1"}, []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:80")}},
	} {
		if diff := cmp.Diff(c.want, places(c.port), cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
			t.Errorf("%+v: want (-), got (+):\n%s", c.port, diff)
		}
	}
}

// TestReserve: a port that is reserved cannot be had by another program, whatever that asks for, and can be afterwards.
// Of a list with one that is taken, none is reserved, and the error tells which one it is.
func TestReserve(t *testing.T) {
	t.Parallel()
	for _, proto := range []string{"tcp", "udp"} {
		free, taken := freePort(t, proto, false), freePort(t, proto, true)
		f := &Forwards{}
		port := func(n uint16) service.Forward {
			return service.Forward{Proto: proto, Host: n, To4: "10.0.0.2", Address: "127.0.0.1"}
		}
		held, _, err := f.Reserve([]service.Forward{port(free)})
		for n := 0; n < 10 && errors.Is(err, unix.EADDRINUSE); n++ { // another program was given it meanwhile
			free = freePort(t, proto, false)
			held, _, err = f.Reserve([]service.Forward{port(free)})
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := listens(proto, free); !errors.Is(err, unix.EADDRINUSE) {
			t.Errorf("%s: another one: %v", proto, err)
		}
		if err := held.Close(); err != nil {
			t.Error(err)
		}
		if _, at, err := f.Reserve([]service.Forward{port(free), port(taken)}); at != 1 || !errors.Is(err, unix.EADDRINUSE) {
			t.Errorf("%s: number %d, %v", proto, at, err)
		}
		if err := listens(proto, free); err != nil {
			t.Errorf("%s: afterwards: %v", proto, err)
		}
	}
}

// freePort returns a port that nobody has, or that the test has.
func freePort(t *testing.T, proto string, keep bool) uint16 {
	t.Helper()
	var at net.Addr
	var end func() error
	if proto == "tcp" {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		at, end = l.Addr(), l.Close
	} else {
		p, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		at, end = p.LocalAddr(), p.Close
	}
	if keep {
		t.Cleanup(func() { _ = end() })
	} else if err := end(); err != nil {
		t.Fatal(err)
	}
	return netip.MustParseAddrPort(at.String()).Port()
}

func listens(proto string, port uint16) error {
	address := fmt.Sprintf("127.0.0.1:%d", port)
	if proto == "tcp" {
		l, err := net.Listen("tcp4", address)
		if err != nil {
			return err
		}
		return l.Close()
	}
	p, err := net.ListenPacket("udp4", address)
	if err != nil {
		return err
	}
	return p.Close()
}
