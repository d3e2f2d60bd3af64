package wire

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// every has one of each message, its fields set.
func every() []Message {
	return []Message{
		&Prepare{
			Name: "web", Dir: "/run/berth/live/1", Journal: []uint32{0, 3}, Fields: []string{"A=b", "C=d"},
			Version: 7, CloneFlags: 1 << 33, StopSignal: 15, ProcView: true, Join: []string{"net", "uts"}, Hide: []Hidden{{0, "/proc"}, {2, "/fs/cgroup"}}, Apart: true, Hold: true,
			UIDs:   []IDRange{{0, 100000, 1000}, {1000, 1000, 1}},
			GIDs:   []IDRange{{0, 100000, 65536}},
			Passed: 3, Held: 2, FileLabel: "u:object_r:f:s0:c1,c2", HeldNames: []string{"disk0", "disk1"},
			Sources: []Source{{Path: "/", Recursive: true}, {Path: "/srv", IDMapped: true, ReadOnly: true}, {Path: "/dev/a", Supplied: true}},
		},
		&Prepare{}, &Place{}, &Placed{}, &Born{PID: 42, Supervisor: 41}, &Continue{}, &Running{}, &Terminate{},
		&Failed{Stage: "mounts", Text: "move_mount /x", Number: syscall.EPERM},
		&Exited{Code: -1}, &Exited{Code: 9, Signal: true, Dumped: true}, &Exited{Asked: true}, &Asked{},
		&Request{Serial: 7, Reboot: true, Signal: true}, &Request{Initctl: true}, &Answered{Serial: 7, Fault: "deaf"}, &Answered{},
		&OpenConsole{Request: 7, Console: 1, Framed: true, Safe: true, From: 1 << 40, Rows: 24, Columns: 80, User: 1001},
		&OpenConsole{Force: true, ReadOnly: true}, &ConsoleAnswer{Request: 7, Refusal: syscall.EBUSY},
		&ResizeConsole{Request: 8, Console: 2, Rows: 50, Columns: 300},
		&Exec{Request: 1, Argv: []string{"ls", "-l", ""}, Env: []string{"A=b"}, Dir: "/tmp", User: "web", Group: "7", Terminal: true, Rows: 24, Columns: 80, NoLabel: true, Soon: true},
		&Exec{}, &Begun{Request: 1, ID: 2, PID: 3, Command: "ls"},
		&Begun{Request: 1, ID: 2, PID: 3, Command: "ls", Ended: true, Code: -1, Signal: true, Dumped: true},
		&Refused{Request: 1, Status: 127, Failed: Failed{Stage: "exec", Text: "ls: no such file", Number: syscall.ENOENT}},
		&Over{ID: 2, Code: -1}, &Over{ID: 2, Code: 11, Signal: true, Dumped: true}, &Signal{ID: 2, Number: 15}, &Signal{Number: 15, PID: 7, Request: 1}, &Signalled{Request: 1}, &Resize{ID: 2, Rows: 24, Columns: 80}, &Forget{ID: 2},
		&Passed{}, &Kept{Places: []uint32{0, 7}}, &Notified{Ready: true, Status: "1 of 2"},
		&Killed{OOMKills: 1 << 40}, &Killed{},
		&Hold{Request: 7, Name: "disk0", Disk: true}, &LetGo{Request: 8, Name: "disk0"}, &Held{Request: 7, Fault: "no room"}, &Held{},
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
	for k := TypePrepare; k < typeEnd; k++ {
		if !seen[k] && (k <= TypePlaced || k >= TypeContinue) {
			t.Errorf("message type %d is not tested", k)
		}
	}
}

// TestDecodeRefuses: a packet that is empty, of an unknown type, or cut within a value is unreadable.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, packet := range map[string][]byte{
		"nothing":       {},
		"unknown type":  {255},
		"the next type": {byte(TypeAnswered) + 1, 1, 2, 3},
		"type 0":        {0},
		"number cut":    {byte(TypeBorn), 1, 2},
		"text cut":      {byte(TypeFailed), 9, 0, 0, 0, 'x'},
		"list cut":      append(make([]byte, 0, 32), byte(TypePrepare), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1),
	} {
		if m, err := Decode(packet); !errors.Is(err, ErrUnreadable) || m != nil {
			t.Errorf("%s: got %T, %v", name, m, err)
		}
	}
}

// TestOlderMessage: fields that an older version did not have at a message's end are zero.
func TestOlderMessage(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		packet []byte
		want   Message
	}{
		"none of them":      {[]byte{byte(TypeExited)}, &Exited{}},
		"the first":         {[]byte{byte(TypeExited), 9, 0, 0, 0}, &Exited{Code: 9}},
		"all but the last":  {[]byte{byte(TypeExited), 9, 0, 0, 0, 1, 1}, &Exited{Code: 9, Signal: true, Dumped: true}},
		"a number":          {[]byte{byte(TypeBorn), 42, 0, 0, 0}, &Born{PID: 42}},
		"a text":            {[]byte{byte(TypeFailed), 1, 0, 0, 0, 'x'}, &Failed{Stage: "x"}},
		"a text of nothing": {[]byte{byte(TypeFailed), 1, 0, 0, 0, 'x', 0, 0, 0, 0}, &Failed{Stage: "x"}},
		"lists":             {[]byte{byte(TypePrepare), 3, 0, 0, 0}, &Prepare{Version: 3}},
	} {
		got, err := Decode(tc.packet)
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v, -want +got\n%s", name, err, diff)
		}
	}
}

// TestNewerMessage: what a newer version has added behind a message's end is passed over.
func TestNewerMessage(t *testing.T) {
	t.Parallel()
	for _, m := range every() {
		for _, more := range []string{"\x00", "\xff", "\x01\x02\x03\x04\x05\x06\x07\x08\x09"} {
			got, err := Decode(append(Encode(m), more...))
			if diff := cmp.Diff(m, got); diff != "" || err != nil {
				t.Errorf("%T and %q: %v, -want +got\n%s", m, more, err, diff)
			}
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

// TestApart: sources that are too many for a packet go into a file and come back, and others stay.
func TestApart(t *testing.T) {
	t.Parallel()
	for n, apart := range map[int]bool{0: false, 3: false, 700: true, 20000: true} {
		m := &Prepare{Version: Version, Join: []string{"net"}}
		for range n {
			m.Sources = append(m.Sources, Source{Path: strings.Repeat("x", 200), ReadOnly: true})
		}
		want := *m
		packed := m.TakeApart()
		if m.Apart != apart || (packed != nil) != apart || len(Encode(m)) > MaxPacket {
			t.Errorf("%d sources: %v, %d bytes apart, %d in the message", n, m.Apart, len(packed), len(Encode(m)))
			continue
		}
		if !apart {
			continue
		}
		if err := m.PutBack(packed); err != nil {
			t.Errorf("%d sources: %v", n, err)
		}
		if diff := cmp.Diff(&want, m); diff != "" {
			t.Errorf("%d sources: -want +got\n%s", n, diff)
		}
		if err := m.PutBack(packed[:len(packed)-1]); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%d sources, cut: %v", n, err)
		}
	}
}

// TestFailedIsBounded: an error of any length fits into a message.
func TestFailedIsBounded(t *testing.T) {
	t.Parallel()
	if n := len(Encode(&Failed{Stage: "x", Text: strings.Repeat("x", 10*MaxPacket)})); n > MaxPacket {
		t.Errorf("it has %d bytes", n)
	}
}

// FuzzDecode: any packet is unreadable or a message, and a message is read as it was written, whatever a newer
// version adds behind it.
func FuzzDecode(f *testing.F) {
	for _, m := range every() {
		f.Add(Encode(m), []byte("newer"))
	}
	f.Fuzz(func(t *testing.T, packet, more []byte) {
		m, err := Decode(packet)
		if (m == nil) == (err == nil) || err != nil && !errors.Is(err, ErrUnreadable) {
			t.Fatalf("message %v, error %v", m, err)
		}
		if err != nil {
			return
		}
		for _, packet := range [][]byte{Encode(m), append(Encode(m), more...)} {
			if again, err := Decode(packet); err != nil || !cmp.Equal(m, again) {
				t.Fatalf("%v became %v, %v", m, again, err)
			}
		}
	})
}
