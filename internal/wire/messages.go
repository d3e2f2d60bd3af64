package wire

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/berthd/berth/internal/pack"
)

// Type is a message's first byte.
type Type uint8

// The messages, in the order of a start. doc.go draws who sends them.
const (
	TypePrepare Type = iota + 1
	TypeBorn
	TypePlace
	TypePlaced
	_ // the next four were for the init stage, which was a process of its own up to version 2
	_
	_
	_
	TypeContinue
	TypeRunning
	TypeTerminate
	TypeFailed
	TypeExited
	TypeAsked   // from version 2 on
	TypeRequest // from here on: from version 3 on
	TypeAnswered
	TypeOpenConsole
	TypeConsoleAnswer
	TypeResizeConsole
	TypeExec
	TypeBegun
	TypeRefused
	TypeOver
	TypeSignal
	TypeResize
	TypeForget
	TypePassed
	TypeKept
	TypeNotified
	TypeSignalled
	TypeKilled
	TypeHold
	TypeLetGo
	TypeHeld
	typeEnd
)

// Message is one of the structs of this package.
type Message interface {
	kind() Type
	put(*pack.Writer)
}

// Version is the version of the protocol. A message only ever grows at its end, and a field never changes its
// meaning. So a reader of another version reads the fields that it knows, and skips messages that it does not
// know. A daemon sends no order to a supervisor that is too old for it. Prepare alone requires the same
// version on both sides.
const Version = 3

// ConsoleVersion is the first version with OpenConsole and ResizeConsole.
const ConsoleVersion = 3

// Place says that systemd has put the supervisor into the scope. It carries the scope's cgroup directory.
type Place struct{}

// Placed says that supervisor and init are in their groups.
type Placed struct{}

// Born says that init has been cloned. To a berthd that did not start the supervisor, it carries the
// supervisor's own pidfd. Init's pidfd stays with the supervisor: a berthd with several descriptors for each
// of many containers forks slowly, because execve(2) closes them all.
type Born struct {
	PID        uint32 // init's, on the host
	Supervisor uint32 // the supervisor's pid
}

// Continue allows the exec.
type Continue struct{}

// Running says that init has been executed.
type Running struct{}

// Terminate asks init to end, with a signal that init understands. The container is killed if there is none.
type Terminate struct{}

// Asked says that systemd has ordered the container's end. Init has been asked by then.
type Asked struct{}

// Exited says how init ended.
type Exited struct {
	Code   int32
	Signal bool
	Dumped bool
	Asked  bool // systemd had ordered the end, by a signal to the supervisor
}

// Request asks init to end or to reboot, by the ways that are set, in this order: a request in its initctl FIFO, a
// signal that it listens to. Unlike Terminate it kills nothing. The supervisor answers each with Answered.
type Request struct {
	Serial  uint32
	Reboot  bool
	Initctl bool
	Signal  bool
}

// Answered says that init was asked, or why not.
type Answered struct {
	Serial uint32 // of the Request
	Fault  string // "" if init was asked
}

// maxText is the longest text of an error, in bytes. It may quote several paths.
const maxText = 32 << 10

// Failed is an error that is sent to another process with its errno.
type Failed struct {
	Stage  string // the step, such as "root", "mounts" or "exec"
	Text   string // the whole chain of errors
	Number syscall.Errno
}

func (f *Failed) Error() string { return f.Stage + ": " + f.Text }

// Unwrap returns the errno, so that errors.Is works on the other side. It returns nil if there is none.
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
func (*Continue) kind() Type  { return TypeContinue }
func (*Running) kind() Type   { return TypeRunning }
func (*Terminate) kind() Type { return TypeTerminate }
func (*Failed) kind() Type    { return TypeFailed }
func (*Exited) kind() Type    { return TypeExited }
func (*Asked) kind() Type     { return TypeAsked }
func (*Request) kind() Type   { return TypeRequest }
func (*Answered) kind() Type  { return TypeAnswered }

func (*Place) put(*pack.Writer)     {}
func (*Placed) put(*pack.Writer)    {}
func (*Continue) put(*pack.Writer)  {}
func (*Terminate) put(*pack.Writer) {}
func (*Running) put(*pack.Writer)   {}
func (*Asked) put(*pack.Writer)     {}

func (m *Born) put(w *pack.Writer) {
	w.U32(m.PID)
	w.U32(m.Supervisor)
}

func (m *Exited) put(w *pack.Writer) {
	w.U32(uint32(m.Code))
	w.Bool(m.Signal)
	w.Bool(m.Dumped)
	w.Bool(m.Asked)
}

func (m *Request) put(w *pack.Writer) {
	w.U32(m.Serial)
	w.Bool(m.Reboot)
	w.Bool(m.Initctl)
	w.Bool(m.Signal)
}

func (m *Answered) put(w *pack.Writer) {
	w.U32(m.Serial)
	w.String(m.Fault[:min(len(m.Fault), maxText)])
}

func (f *Failed) put(w *pack.Writer) {
	w.String(f.Stage)
	w.String(f.Text[:min(len(f.Text), maxText)])
	w.U32(uint32(f.Number))
}

// Encode returns a message as a packet.
func Encode(m Message) []byte {
	var w pack.Writer
	w.U8(uint8(m.kind()))
	m.put(&w)
	return w.Bytes()
}

// ErrUnreadable says that a message cannot be used: a newer version sent it, it is malformed, or there were no
// free descriptors for those that it carries. The messages after it can be used.
var ErrUnreadable = errors.New("wire: unreadable message")

// ErrDescriptors is an ErrUnreadable: descriptors of the message were lost. There was no room for them, or a security
// module of the kernel does not let this process have one (unix(7), MSG_CTRUNC). It wraps the kernel's error where
// there is no room.
var ErrDescriptors = fmt.Errorf("%w: descriptors are missing", ErrUnreadable)

// Decode reads a packet of any version. It returns ErrUnreadable if the packet is malformed, or this version
// does not know the message.
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
	case TypeContinue:
		return &Continue{}
	case TypeRunning:
		return &Running{}
	case TypeTerminate:
		return &Terminate{}
	case TypeAsked:
		return &Asked{}
	case TypeRequest:
		return &Request{Serial: r.U32(), Reboot: r.Bool(), Initctl: r.Bool(), Signal: r.Bool()}
	case TypeAnswered:
		return &Answered{Serial: r.U32(), Fault: r.String()}
	case TypeOpenConsole:
		return decodeOpenConsole(r)
	case TypeConsoleAnswer:
		return &ConsoleAnswer{Request: r.U32(), Refusal: syscall.Errno(r.U32())}
	case TypeResizeConsole:
		return decodeResizeConsole(r)
	case TypeFailed:
		return decodeFailed(r)
	case TypeExited:
		return &Exited{Code: int32(r.U32()), Signal: r.Bool(), Dumped: r.Bool(), Asked: r.Bool()}
	case TypePassed:
		return &Passed{}
	case TypeNotified:
		return &Notified{Ready: r.Bool(), Status: r.String()}
	case TypeKilled:
		return &Killed{OOMKills: r.U64()}
	case TypeKept:
		return &Kept{Places: numbers(r)}
	case TypeHold:
		return &Hold{Request: r.U32(), Name: r.String(), Disk: r.Bool()}
	case TypeLetGo:
		return &LetGo{Request: r.U32(), Name: r.String()}
	case TypeHeld:
		return &Held{Request: r.U32(), Fault: r.String()}
	}
	return decodeCommand(t, r)
}

func decodeFailed(r *pack.Reader) *Failed {
	return &Failed{Stage: r.String(), Text: r.String(), Number: syscall.Errno(r.U32())}
}
