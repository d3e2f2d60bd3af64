package wire

import (
	"bytes"
	"errors"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// every has one of each message, its fields set.
func every() []Message {
	return []Message{
		&Prepare{
			CloneFlags: 1 << 33, StopSignal: 15, ProcView: true, Join: []string{"net", "uts"},
			UIDs:    []IDRange{{0, 100000, 1000}, {1000, 1000, 1}},
			GIDs:    []IDRange{{0, 100000, 65536}},
			Sources: []Source{{Path: "/", Recursive: true}, {Path: "/srv", IDMapped: true, ReadOnly: true}, {Path: "/dev/a", Made: true}},
		},
		&Prepare{}, &Place{}, &Placed{}, &Born{PID: 42, Supervisor: 41}, &Mapped{}, &View{}, &Consoles{}, &Ready{}, &Continue{}, &Running{}, &Terminate{},
		&Failed{Stage: "mounts", Text: "move_mount /x", Number: syscall.EPERM},
		&Exited{Code: -1}, &Exited{Code: 9, Signal: true, Dumped: true}, &Exited{Asked: true},
	}
}

// TestRoundTrip: each message is decoded as it was encoded.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	seen := map[Type]bool{}
	for _, m := range every() {
		seen[m.kind()] = true
		got, err := Decode(Encode(m))
		if err != nil {
			t.Errorf("%T: %v", m, err)
			continue
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Errorf("%T: -want +got\n%s", m, diff)
		}
	}
	for k := TypePrepare; k <= TypeExited; k++ {
		if !seen[k] {
			t.Errorf("message type %d is not tested", k)
		}
	}
}

// TestDecodeRefuses: a packet that is empty, unknown, cut or too long is an error.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, packet := range map[string][]byte{
		"nothing":      {},
		"unknown type": {255},
		"type 0":       {0},
		"cut":          {byte(TypeBorn), 1, 2},
		"trailing":     append(Encode(&Ready{}), 0),
	} {
		if m, err := Decode(packet); err == nil {
			t.Errorf("%s: got %T", name, m)
		}
	}
}

// TestFailedKeepsErrno: the errno of a failure arrives.
func TestFailedKeepsErrno(t *testing.T) {
	t.Parallel()
	m, err := Decode(Encode(&Failed{Stage: "root", Text: "no such file", Number: syscall.ENOENT}))
	if err != nil {
		t.Fatal(err)
	}
	failed, ok := m.(*Failed)
	if !ok || !errors.Is(failed, syscall.ENOENT) {
		t.Errorf("%v is not ENOENT", m)
	}
	if errors.Unwrap(&Failed{Stage: "x"}) != nil {
		t.Error("a failure without errno unwraps to something")
	}
}

// FuzzDecode: any packet is an error or a message, which Encode writes as it was read.
func FuzzDecode(f *testing.F) {
	for _, m := range every() {
		f.Add(Encode(m))
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		m, err := Decode(packet)
		if (m == nil) == (err == nil) {
			t.Fatalf("message %v, error %v", m, err)
		}
		if err != nil {
			return
		}
		again, err := Decode(Encode(m))
		if err != nil || !cmp.Equal(m, again) {
			t.Fatalf("%v became %v, %v", m, again, err)
		}
		if len(Encode(m)) != len(packet) && !bytes.Equal(Encode(m), packet) {
			t.Fatalf("%x was read as %x", packet, Encode(m))
		}
	})
}
