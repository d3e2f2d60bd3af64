package wire

import "github.com/berthd/berth/internal/pack"

// IDRange maps Count ids: those from Inside in the container to those from Outside on the host.
type IDRange struct{ Inside, Outside, Count uint32 }

// Source is a host path that is mounted in the container. The supervisor opens it before init enters its root.
type Source struct {
	Path      string
	Recursive bool // with all mounts below
	IDMapped  bool // the container's user namespace maps the owners
	ReadOnly  bool // every mount of the tree is read-only
	Supplied  bool // the message carries the tree
}

// Prepare has the supervisor's part of the plan. It carries these descriptors, in this order: the packed plan (a sealed
// memfd), the mount namespace of mount.Bare, the listening socket to which a later berthd connects, the namespaces of
// Join, the trees of the sources with Supplied, /dev/fuse if ProcView is true, those that the supervisor is to hold as
// long as it lives, and the packed sources (a sealed memfd) if Apart is true.
type Prepare struct {
	Version int // of the daemon

	CloneFlags uint64 // CLONE_NEW*
	UIDs, GIDs []IDRange
	Sources    []Source
	ProcView   bool      // serve the container's part of /proc
	StopSignal uint32    // the signal that ends init; 0 means one that init listens to
	Join       []string  // the kinds of the namespaces to enter
	Hide       []Hidden  // only with a user namespace; otherwise the init stage does it
	Limits     []Limit   // of the supervisor and its children
	Settings   []Setting // the same, before init is cloned
	Apart      bool      // Sources is empty: the packed sources come in a file, since they are too large for a packet
	Hold       bool      // keep the file systems of the sources from being made read-only
	Name       string    // the container's
	Dir        string    // the run's directory, where the supervisor works
	Journal    []uint32  // the consoles whose output goes to the journal
	Fields     []string  // of each entry there, as KEY=value
	Passed     uint32    // so many descriptors for init follow, in a Passed
	Held       uint32    // so many descriptors to hold came
	FileLabel  string    // the security label of the view of /proc; empty: none
	HeldNames  []string  // of each
}

// Hidden is a mount of a source's tree that the container must not see.
type Hidden struct {
	Source uint32 // its index in Sources
	Path   string // in the tree
}

// Limit is a resource limit (getrlimit(2)) by its name, such as nofile.
type Limit struct {
	Name       string
	Soft, Hard uint64
}

// Setting is a file below /proc/self and what to write into it.
type Setting struct{ File, Value string }

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
	putSources(w, m.Sources)
	w.Bool(m.ProcView)
	w.U32(m.StopSignal)
	w.U32(uint32(len(m.Join)))
	for _, kind := range m.Join {
		w.String(kind)
	}
	w.U32(uint32(len(m.Hide)))
	for _, h := range m.Hide {
		w.U32(h.Source)
		w.String(h.Path)
	}
	w.U32(uint32(len(m.Limits)))
	for _, l := range m.Limits {
		w.String(l.Name)
		w.U64(l.Soft)
		w.U64(l.Hard)
	}
	w.U32(uint32(len(m.Settings)))
	for _, s := range m.Settings {
		w.String(s.File)
		w.String(s.Value)
	}
	w.Bool(m.Apart)
	w.Bool(m.Hold)
	w.String(m.Name)
	w.String(m.Dir)
	putJournal(w, m)
	w.U32(m.Passed)
	w.U32(m.Held)
	w.String(m.FileLabel)
	putTexts(w, m.HeldNames)
}

func decodePrepare(r *pack.Reader) *Prepare {
	m := &Prepare{Version: int(r.U32()), CloneFlags: r.U64()}
	for _, list := range []*[]IDRange{&m.UIDs, &m.GIDs} {
		for range r.Count(12) {
			*list = append(*list, IDRange{r.U32(), r.U32(), r.U32()})
		}
	}
	m.Sources = sources(r)
	m.ProcView = r.Bool()
	m.StopSignal = r.U32()
	for range r.Count(4) {
		m.Join = append(m.Join, r.String())
	}
	for range r.Count(8) {
		m.Hide = append(m.Hide, Hidden{Source: r.U32(), Path: r.String()})
	}
	for range r.Count(20) {
		m.Limits = append(m.Limits, Limit{Name: r.String(), Soft: r.U64(), Hard: r.U64()})
	}
	for range r.Count(8) {
		m.Settings = append(m.Settings, Setting{File: r.String(), Value: r.String()})
	}
	m.Apart = r.Bool()
	m.Hold = r.Bool()
	m.Name = r.String()
	m.Dir = r.String()
	m.Journal, m.Fields = journal(r)
	m.Passed = r.U32()
	m.Held = r.U32()
	m.FileLabel = r.String()
	m.HeldNames = texts(r)
	return m
}
