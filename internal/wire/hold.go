package wire

import "github.com/berthd/berth/internal/pack"

// Hold has the supervisor hold the descriptor that comes with it, as long as it lives. It lets go what it held under
// this name. The answer is Held.
type Hold struct {
	Request uint32
	Name    string
	Disk    bool // it is a loop device, which is to disappear with its last descriptor
}

// LetGo has the supervisor close what it holds under a name, if it does. The answer is Held.
type LetGo struct {
	Request uint32
	Name    string
}

// Held answers Hold and LetGo.
type Held struct {
	Request uint32
	Fault   string // "" if it is done
}

func (*Hold) kind() Type  { return TypeHold }
func (*LetGo) kind() Type { return TypeLetGo }
func (*Held) kind() Type  { return TypeHeld }

func (m *Hold) put(w *pack.Writer) {
	w.U32(m.Request)
	w.String(m.Name)
	w.Bool(m.Disk)
}

func (m *LetGo) put(w *pack.Writer) {
	w.U32(m.Request)
	w.String(m.Name)
}

func (m *Held) put(w *pack.Writer) {
	w.U32(m.Request)
	w.String(m.Fault)
}
