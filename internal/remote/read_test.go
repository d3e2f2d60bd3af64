package remote

import (
	"bytes"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berthd/berth/contract"
	"github.com/berthd/berth/internal/remote/xdr"
	"github.com/berthd/berth/service"
)

// TestDescriptors: descriptors follow their packet with a byte each, and those that nobody has announced, that are
// missing or too many end the connection.
func TestDescriptors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		announced uint32
		sent      int
		kind      uint32
		want      error
	}{
		"two":              {2, 2, typeCallFDs, nil},
		"none":             {0, 0, typeCallFDs, nil},
		"not announced":    {0, 1, typeCall, errDescriptors},
		"more than room":   {maxFiles + 1, 0, typeCallFDs, errDescriptors},
		"some are lacking": {2, 1, typeCallFDs, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := pair(t)
			r := newReader(taken(t, theirs), maxKnown, newPurse())
			defer r.close()
			e := begin(head{program: programRemote, version: version, kind: tc.kind})
			if tc.kind == typeCallFDs {
				e.U32(tc.announced)
			}
			e.U32(42)
			if _, err := ours.Write(finish(e)); err != nil {
				t.Fatal(err)
			}
			for range tc.sent {
				if _, _, err := ours.WriteMsgUnix([]byte{0}, syscall.UnixRights(int(os.Stderr.Fd())), nil); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := ours.Write(finish(begin(head{}))); err != nil {
				t.Fatal(err)
			}
			_ = ours.CloseWrite()
			h, body, files, err := r.next()
			defer closeFiles(files)
			if tc.want == nil {
				if err != nil || h.kind != tc.kind || len(files) != int(tc.announced) || !bytes.Equal(body, []byte{0, 0, 0, 42}) {
					t.Fatalf("%+v, %v, %d descriptors, %v", h, body, len(files), err)
				}
				for _, f := range files {
					flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0)
					if err != nil || flags&unix.FD_CLOEXEC == 0 {
						t.Errorf("a process that berthd starts would have it: %#x, %v", flags, err)
					}
				}
				if _, _, _, err = r.next(); err != nil {
					t.Errorf("the next packet: %v", err)
				}
				return
			}
			for err == nil {
				_, _, _, err = r.next()
			}
			if !errors.Is(err, errDescriptors) && !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

// TestLengths: a length that cannot be is refused before anything is allocated for it, and a long packet arrives whole.
func TestLengths(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		length []byte
		want   error
	}{
		"nothing": {[]byte{0, 0, 0, 0}, errLength}, "shorter than its head": {[]byte{0, 0, 0, headSize - 1}, errLength},
		"the largest": {[]byte{0xff, 0xff, 0xff, 0xff}, errLength}, "above the limit": {[]byte{0, 0x80, 0, 1}, errLength},
		"half": {[]byte{0, 0x70, 0, 0}, io.EOF},
	} {
		ours, theirs := pair(t)
		kept := newPurse()
		r := newReader(taken(t, theirs), maxKnown, kept)
		if _, err := ours.Write(tc.length); err != nil {
			t.Fatal(err)
		}
		_ = ours.Close()
		if _, _, _, err := r.next(); !errors.Is(err, tc.want) || kept.bytes > 0 {
			t.Errorf("%s: %v with a buffer of %d", name, err, kept.bytes)
		}
	}
	ours, theirs := pair(t)
	r := newReader(taken(t, theirs), maxKnown, newPurse())
	long := bytes.Repeat([]byte("x"), 1<<20)
	go func() {
		e := begin(head{kind: typeCall})
		e.Raw(long)
		_, _ = ours.Write(finish(e))
		_, _ = ours.Write(finish(begin(head{serial: 9})))
	}()
	if _, body, _, err := r.next(); err != nil || !bytes.Equal(body, long) {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	if h, _, _, err := r.next(); err != nil || h.serial != 9 {
		t.Errorf("%+v, %v", h, err)
	}
	if _, err := ours.Write(finish(begin(head{serial: 10}))); err != nil {
		t.Fatal(err)
	}
	if h, _, _, err := r.next(); err != nil || h.serial != 10 || cap(r.buf) > keptBuffer {
		t.Errorf("%+v, %v, a buffer of %d", h, err, cap(r.buf))
	}
}

// FuzzDispatcher: whatever bytes a client sends, of root or of a user who may read or do everything, the server neither
// dies nor hangs, and serves the next one.
func FuzzDispatcher(f *testing.F) {
	add := func(list ...[]byte) {
		for who := range byte(3) {
			f.Add(who, bytes.Join(list, nil))
		}
	}
	of := func(h head, write func(*xdr.Encoder)) []byte {
		e := begin(h)
		if write != nil {
			write(e)
		}
		return finish(e)
	}
	openIt := bytes.Join([][]byte{packet(66, nil), packet(70, nil), packet(1, func(e *xdr.Encoder) { e.OptionalText(uri); e.U32(0) })}, nil)
	add(openIt, packet(273, func(e *xdr.Encoder) { e.I32(1); e.U32(0) }), packet(212, about(web)))
	add(openIt, packet(9, about(web)), packet(316, func(e *xdr.Encoder) { e.I32(0); e.Bool(false) }))
	add(openIt, packet(344, func(e *xdr.Encoder) { e.U32(0x4000); e.U32(0) }))
	add(openIt, packet(197, func(e *xdr.Encoder) {
		e.Domain(domainOf(&web))
		e.Typed([]xdr.Typed{xdr.ULLongOf("hard_limit", 1<<20), xdr.TextOf("soft_limit", "x")})
		e.U32(1)
	}))
	add(openIt, packet(256, typedCall(0, []string{"eth0"}, xdr.UIntOf("inbound.average", 1<<31), xdr.TextOf("inbound.floor", "x"))))
	add(openIt, packet(254, typedCall(1, nil, xdr.TextOf("numa_nodeset", "0-16383,^1"), xdr.IntOf("numa_mode", -1))))
	add(openIt, packet(279, mapCall(make([]byte, mostMap), 3)), packet(358, words32(&web, "../x", 0)), packet(392, textCall("net0", 3)))
	add(openIt, of(head{program: programLXC, version: version, procedure: 1}, about(web)))
	add(openIt, of(head{program: programRemote, version: version, procedure: 310, kind: typeCallFDs}, func(e *xdr.Encoder) { e.U32(0); about(web)(e) }))
	add(openIt, of(head{program: programRemote, version: version, procedure: 201, kind: typeStream, status: statusContinue}, nil))
	add(of(head{program: programKeepalive, version: version, procedure: 1, kind: typeMessage}, nil))
	for number := range tables()[programRemote] {
		f.Add(byte(0), append(bytes.Clone(openIt), packet(number, about(web))...))
	}
	add([]byte{0xff, 0xff, 0xff, 0xff})
	all := rules{}
	for _, p := range tables()[programRemote] {
		all[p.action] = true
	}
	all[contract.ActionConnect] = true
	s := newServer(f, &fakeCore{list: []service.Snapshot{web, db}}, all)
	f.Fuzz(func(t *testing.T, who byte, b []byte) {
		uid := uint32(0)
		if who%3 > 0 {
			uid = 1000
		}
		c := connect(t, s, uid, who%3 == 1)
		_ = c.stream.SetWriteDeadline(time.Now().Add(time.Second))
		go func() { _, _ = io.Copy(io.Discard, c.stream) }()
		_, _ = c.stream.Write(b)
		_ = c.stream.Close()
		next := opened(t, s, false)
		if got := next.must(212, about(web)).I32(); got != stateRunning {
			t.Errorf("state %d", got)
		}
		_ = next.stream.Close()
		for s.InFlight() > 0 { // else a user could come to his bound
			time.Sleep(time.Millisecond)
		}
	})
}
