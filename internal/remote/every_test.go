package remote

import (
	"errors"
	"strconv"
	"strings"
	"testing"
)

// lastProcedure is the highest number that libvirt has given (of 11.3).
const lastProcedure = 453

// messages are numbers that only a server sends: its events.
var messages = map[int32]bool{
	107: true, 169: true, 170: true, 171: true, 172: true, 173: true, 195: true, 224: true, 241: true, 248: true, 268: true, 269: true, 270: true,
	276: true, 292: true, 311: true, 315: true, 318: true, 319: true, 320: true, 321: true, 322: true, 323: true, 324: true, 325: true, 326: true,
	327: true, 328: true, 329: true, 330: true, 331: true, 332: true, 333: true, 339: true, 346: true, 348: true, 354: true, 359: true, 362: true,
	363: true, 367: true, 370: true, 373: true, 376: true, 377: true, 379: true, 382: true, 383: true, 385: true, 423: true, 438: true, 446: true, 453: true,
}

// sasl are the steps of an authentication that AUTH_LIST never offers.
var sasl = map[int32]bool{67: true, 68: true, 69: true}

// TestEveryProcedure: each number of the protocol is served, or refused in libvirt's words for what a driver lacks;
// those that are none, or that a client never sends, are unknown. None ends the connection.
func TestEveryProcedure(t *testing.T) {
	t.Parallel()
	c := opened(t, newServer(t, &fakeCore{}, nil), false)
	served := tables()[programRemote]
	for n := int32(-1); n <= lastProcedure+2; n++ {
		none := n <= 0 || n > lastProcedure || messages[n] || sasl[n]
		if served[n] != nil {
			if none {
				t.Errorf("%d is served, and no client calls it", n)
			}
			continue
		}
		_, err := c.call(n, nil)
		e, is := errors.AsType[*remoteError](err)
		switch {
		case !is:
			t.Errorf("%d: %v", n, err)
		case none:
			if e.code != codeRPC || e.from != domainRPC || e.text != "unknown procedure: "+strconv.Itoa(int(n)) {
				t.Errorf("%d: %d of %d: %s", n, e.code, e.from, e.text)
			}
		default:
			name, is := strings.CutPrefix(e.text, "this function is not supported by the connection driver: vir")
			if !is || e.code != codeNoSupport || e.from != ofErrors("vir"+name) {
				t.Errorf("%d: %d of %d: %s", n, e.code, e.from, e.text)
			}
		}
	}
	c.must(3, nil)
}

// TestEveryName: no function of libvirt's library has two numbers, but for those of events, which have an old and a new
// one.
func TestEveryName(t *testing.T) {
	t.Parallel()
	names := map[string]int32{}
	served := tables()[programRemote]
	for n := int32(1); n <= lastProcedure; n++ {
		name := nameOf(n)
		if p := served[n]; p != nil {
			name = p.name
		}
		switch {
		case name == "", name == "virConnectOpen": // with which a client also authenticates
			continue
		case n == 167, n == 168: // for events without callback ids
			continue
		}
		if other := names[name]; other != 0 {
			t.Errorf("%s is %d and %d", name, other, n)
		}
		names[name] = n
	}
}

// TestQEMU: the program of libvirt's QEMU driver is refused by its functions, and an unknown program as such.
func TestQEMU(t *testing.T) {
	t.Parallel()
	c := opened(t, newServer(t, &fakeCore{}, nil), false)
	for number, want := range map[int32]string{
		1: "this function is not supported by the connection driver: virDomainQemuMonitorCommand",
		2: "this function is not supported by the connection driver: virDomainQemuAttach",
		6: "unknown procedure: 6",
	} {
		c.serial++
		c.send(head{program: programQEMU, version: version, procedure: number, serial: c.serial}, nil)
		if _, err := result(c.next()); err == nil || err.Error() != want {
			t.Errorf("%d: %v", number, err)
		}
	}
}
