package wire

import "github.com/berthd/berth/internal/pack"

// Exec asks to execute a command in the container. It may carry three descriptors: the command's standard input,
// output and error. Without them the supervisor makes a terminal, or three pipes.
type Exec struct {
	Request  uint32 // the answer has it, too
	Argv     []string
	Env      []string // added to init's environment
	Dir      string   // empty: /
	User     string   // a name or number in the container; empty: root
	Group    string   // empty: the user's
	Terminal bool
	Rows     uint32
	Columns  uint32
	NoLabel  bool // the command does not get the container's security label
	// Soon is for a caller who waits for the command's end. If that comes at once, Begun has it, and the supervisor
	// forgets the command. An older supervisor knows no Soon.
	Soon bool
}

// Begun says that a command was executed. With the pipes that the supervisor made it carries their other ends: for
// input, output and error. With a terminal it carries the master. A new berthd gets it for each command that it may
// not know of, with no Request and no descriptors.
type Begun struct {
	Request uint32
	ID      uint32 // 1, 2, ... in a container
	PID     uint32 // on the host
	Command string // Argv[0]
	// Ended says that the command has ended, as Over would say it. There is no Over then, and nothing to forget.
	Ended  bool
	Code   int32
	Signal bool
	Dumped bool
}

// Refused says why a command was not executed.
type Refused struct {
	Request uint32
	Status  uint32 // the exit status that a shell would have
	Failed  Failed
}

// Over says how a command ended. The supervisor remembers that until it gets Forget.
type Over struct {
	ID     uint32
	Code   int32
	Signal bool
	Dumped bool
}

// Signal sends a signal to a command, or to init if ID is 0. With a PID it is for that process of the container, and is
// answered by Signalled or Refused.
type Signal struct {
	ID, Number uint32
	PID        uint32 // in the container
	Request    uint32
}

// Signalled says that a process got its signal.
type Signalled struct{ Request uint32 }

// Resize sets the size of a command's terminal.
type Resize struct{ ID, Rows, Columns uint32 }

// Forget says that nobody will ask for a command's end again.
type Forget struct{ ID uint32 }

func (*Exec) kind() Type    { return TypeExec }
func (*Begun) kind() Type   { return TypeBegun }
func (*Refused) kind() Type { return TypeRefused }
func (*Over) kind() Type    { return TypeOver }
func (*Signal) kind() Type  { return TypeSignal }
func (*Resize) kind() Type  { return TypeResize }
func (*Forget) kind() Type  { return TypeForget }

func (*Signalled) kind() Type { return TypeSignalled }

func (m *Exec) put(w *pack.Writer) {
	w.U32(m.Request)
	putTexts(w, m.Argv)
	putTexts(w, m.Env)
	w.String(m.Dir)
	w.String(m.User)
	w.String(m.Group)
	w.Bool(m.Terminal)
	w.U32(m.Rows)
	w.U32(m.Columns)
	w.Bool(m.NoLabel)
	w.Bool(m.Soon)
}

func (m *Begun) put(w *pack.Writer) {
	w.U32(m.Request)
	w.U32(m.ID)
	w.U32(m.PID)
	w.String(m.Command)
	w.Bool(m.Ended)
	w.U32(uint32(m.Code))
	w.Bool(m.Signal)
	w.Bool(m.Dumped)
}

func (m *Refused) put(w *pack.Writer) {
	w.U32(m.Request)
	w.U32(m.Status)
	m.Failed.put(w)
}

func (m *Over) put(w *pack.Writer) {
	w.U32(m.ID)
	w.U32(uint32(m.Code))
	w.Bool(m.Signal)
	w.Bool(m.Dumped)
}

func (m *Signal) put(w *pack.Writer) {
	w.U32(m.ID)
	w.U32(m.Number)
	w.U32(m.PID)
	w.U32(m.Request)
}

func (m *Resize) put(w *pack.Writer) {
	w.U32(m.ID)
	w.U32(m.Rows)
	w.U32(m.Columns)
}

func (m *Forget) put(w *pack.Writer) { w.U32(m.ID) }

func (m *Signalled) put(w *pack.Writer) { w.U32(m.Request) }

func putTexts(w *pack.Writer, list []string) {
	w.U32(uint32(len(list)))
	for _, s := range list {
		w.String(s)
	}
}

func texts(r *pack.Reader) (list []string) {
	for range r.Count(4) {
		list = append(list, r.String())
	}
	return list
}

// decodeCommand reads a message about a command. It returns nil if this is none.
func decodeCommand(t Type, r *pack.Reader) Message {
	switch t {
	case TypeExec:
		return &Exec{
			Request: r.U32(), Argv: texts(r), Env: texts(r), Dir: r.String(), User: r.String(), Group: r.String(),
			Terminal: r.Bool(), Rows: r.U32(), Columns: r.U32(), NoLabel: r.Bool(), Soon: r.Bool(),
		}
	case TypeBegun:
		return &Begun{
			Request: r.U32(), ID: r.U32(), PID: r.U32(), Command: r.String(),
			Ended: r.Bool(), Code: int32(r.U32()), Signal: r.Bool(), Dumped: r.Bool(),
		}
	case TypeRefused:
		m := &Refused{Request: r.U32(), Status: r.U32()}
		m.Failed = *decodeFailed(r)
		return m
	case TypeOver:
		return &Over{ID: r.U32(), Code: int32(r.U32()), Signal: r.Bool(), Dumped: r.Bool()}
	case TypeSignal:
		return &Signal{ID: r.U32(), Number: r.U32(), PID: r.U32(), Request: r.U32()}
	case TypeSignalled:
		return &Signalled{Request: r.U32()}
	case TypeResize:
		return &Resize{ID: r.U32(), Rows: r.U32(), Columns: r.U32()}
	case TypeForget:
		return &Forget{ID: r.U32()}
	}
	return nil
}
