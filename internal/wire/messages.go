package wire

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/berthd/berth/internal/pack"
)

// Type is a message's first byte.
type Type uint8

// The messages, in the order of a start; doc.go draws who says what.
const (
	TypePrepare Type = iota + 1
	TypeBorn
	TypePlace
	TypePlaced
	TypeMapped
	TypeView
	TypeConsoles
	TypeReady
	TypeContinue
	TypeRunning
	TypeTerminate
	TypeFailed
	TypeExited
)

// Message is one of the structs of this file.
type Message interface {
	kind() Type
	put(*pack.Writer)
}

// IDRange maps Count ids from Inside on to those from Outside on.
type IDRange struct{ Inside, Outside, Count uint32 }

// Source is a host path that the container gets, opened before its root is entered.
type Source struct {
	Path      string
	Recursive bool // with all mounts below
	IDMapped  bool // owners mapped by the container's user namespace
	ReadOnly  bool // on every mount of the tree
	Supplied  bool // its tree comes with the message
}

// Version is the version of the protocol. A message only ever grows at its end, and a field never changes its
// meaning: a reader of another version takes what it knows, and passes over messages that it does not know.
// A daemon sends a supervisor no order that is newer than the supervisor. Prepare alone is between two of
// the same version.
const Version = 1

// Prepare says what will be needed to clone init. It carries the descriptor of the plan (a sealed memfd).
type Prepare struct {
	Version int // the daemon's

	CloneFlags uint64 // CLONE_NEW*
	UIDs, GIDs []IDRange
	Sources    []Source
	ProcView   bool   // the last descriptor is of /dev/fuse, to serve the container's part of /proc
	StopSignal uint32 // that ends init; 0: the one that it listens to
	Join       []string
}

// Place carries the scope's cgroup directory: systemd has put the supervisor into it.
type Place struct{}

// Placed says, to both sides, that supervisor and init are in their groups.
type Placed struct{}

// Born says that there is an init. To a berthd that did not start it, it carries the supervisor's own
// pidfd. Init's stays with the supervisor: a berthd with several descriptors for each of many
// containers forks slowly, since execve(2) closes them all.
type Born struct {
	PID        uint32
	Supervisor uint32
}

// Mapped says that the sources' owners are mapped by init's user namespace.
type Mapped struct{}

// View carries the tree of the container's own part of /proc, which is served from now on.
type View struct{}

// Consoles carries the consoles in their order: the master and the terminal side of each.
type Consoles struct{}

// Ready says that all is done but to exec: after Continue, the socket's end means success.
type Ready struct{}

// Continue allows the exec.
type Continue struct{}

// Running says that init has been executed.
type Running struct{}

// Terminate asks init to end, in the words that it understands; one that understands none is killed.
type Terminate struct{}

// Exited says how init ended.
type Exited struct {
	Code   int32
	Signal bool
	Dumped bool
	Asked  bool // systemd had asked for it, by a SIGTERM to the supervisor
}

// Failed is an error that crosses processes and keeps its errno.
type Failed struct {
	Stage  string // which step: "root", "mounts", "exec"
	Text   string // the whole chain
	Number syscall.Errno
}

func (f *Failed) Error() string { return f.Stage + ": " + f.Text }

// Unwrap gives the errno, so that errors.Is works on the other side.
func (f *Failed) Unwrap() error {
	if f.Number == 0 {
		return nil
	}
	return f.Number
}

func (*Prepare) kind() Type   { return TypePrepare }
func (*Place) kind() Type     { return TypePlace }
func (*Placed) kind() Type    { return TypePlaced }
func (*Born) kind() Type      { return TypeBorn }
func (*Mapped) kind() Type    { return TypeMapped }
func (*View) kind() Type      { return TypeView }
func (*Consoles) kind() Type  { return TypeConsoles }
func (*Ready) kind() Type     { return TypeReady }
func (*Continue) kind() Type  { return TypeContinue }
func (*Running) kind() Type   { return TypeRunning }
func (*Terminate) kind() Type { return TypeTerminate }
func (*Failed) kind() Type    { return TypeFailed }
func (*Exited) kind() Type    { return TypeExited }

func (*Place) put(*pack.Writer)     {}
func (*Placed) put(*pack.Writer)    {}
func (*Mapped) put(*pack.Writer)    {}
func (*View) put(*pack.Writer)      {}
func (*Consoles) put(*pack.Writer)  {}
func (*Ready) put(*pack.Writer)     {}
func (*Continue) put(*pack.Writer)  {}
func (*Terminate) put(*pack.Writer) {}
func (*Running) put(*pack.Writer)   {}

func (m *Born) put(w *pack.Writer) {
	w.U32(m.PID)
	w.U32(m.Supervisor)
}

func (m *Prepare) put(w *pack.Writer) {
	w.U32(uint32(m.Version))
	w.U64(m.CloneFlags)
	for _, list := range [][]IDRange{m.UIDs, m.GIDs} {
		w.U32(uint32(len(list)))
		for _, r := range list {
			w.U32(r.Inside)
			w.U32(r.Outside)
			w.U32(r.Count)
		}
	}
	w.U32(uint32(len(m.Sources)))
	for _, s := range m.Sources {
		w.String(s.Path)
		w.Bool(s.Recursive)
		w.Bool(s.IDMapped)
		w.Bool(s.ReadOnly)
		w.Bool(s.Supplied)
	}
	w.Bool(m.ProcView)
	w.U32(m.StopSignal)
	w.U32(uint32(len(m.Join)))
	for _, kind := range m.Join {
		w.String(kind)
	}
}

func (m *Exited) put(w *pack.Writer) {
	w.U32(uint32(m.Code))
	w.Bool(m.Signal)
	w.Bool(m.Dumped)
	w.Bool(m.Asked)
}

func (f *Failed) put(w *pack.Writer) {
	w.String(f.Stage)
	w.String(f.Text)
	w.U32(uint32(f.Number))
}

// TypeOf gives a message's type.
func TypeOf(m Message) Type { return m.kind() }

// Encode gives a message's packet.
func Encode(m Message) []byte {
	var w pack.Writer
	w.U8(uint8(m.kind()))
	m.put(&w)
	return w.Bytes()
}

// ErrUnreadable says that a message cannot be used, for one of a newer version, or cut short by a lack of
// descriptors. The messages behind it can be.
var ErrUnreadable = errors.New("wire: unreadable message")

// Decode reads a packet of any version. It returns ErrUnreadable for one that no version writes, and for a
// message that this one does not know.
func Decode(packet []byte) (Message, error) {
	r := pack.NewGrowing(packet)
	t := Type(r.U8())
	m := decodeBody(t, r)
	if m == nil {
		return nil, fmt.Errorf("%w: unknown type %d", ErrUnreadable, t)
	}
	if err := r.End(); err != nil {
		return nil, fmt.Errorf("%w: type %d: %w", ErrUnreadable, t, err)
	}
	return m, nil
}

func decodeBody(t Type, r *pack.Reader) Message {
	switch t {
	case TypePrepare:
		return decodePrepare(r)
	case TypePlace:
		return &Place{}
	case TypePlaced:
		return &Placed{}
	case TypeBorn:
		return &Born{PID: r.U32(), Supervisor: r.U32()}
	case TypeMapped:
		return &Mapped{}
	case TypeView:
		return &View{}
	case TypeConsoles:
		return &Consoles{}
	case TypeReady:
		return &Ready{}
	case TypeContinue:
		return &Continue{}
	case TypeRunning:
		return &Running{}
	case TypeTerminate:
		return &Terminate{}
	case TypeFailed:
		return &Failed{Stage: r.String(), Text: r.String(), Number: syscall.Errno(r.U32())}
	case TypeExited:
		return &Exited{Code: int32(r.U32()), Signal: r.Bool(), Dumped: r.Bool(), Asked: r.Bool()}
	}
	return nil
}

func decodePrepare(r *pack.Reader) *Prepare {
	m := &Prepare{Version: int(r.U32()), CloneFlags: r.U64()}
	for _, list := range []*[]IDRange{&m.UIDs, &m.GIDs} {
		for range r.Count(12) {
			*list = append(*list, IDRange{r.U32(), r.U32(), r.U32()})
		}
	}
	for range r.Count(8) {
		m.Sources = append(m.Sources, Source{Path: r.String(), Recursive: r.Bool(), IDMapped: r.Bool(), ReadOnly: r.Bool(), Supplied: r.Bool()})
	}
	m.ProcView = r.Bool()
	m.StopSignal = r.U32()
	for range r.Count(4) {
		m.Join = append(m.Join, r.String())
	}
	return m
}
