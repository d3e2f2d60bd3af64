package top

// Kind is a kind of figure that a column shows.
type Kind uint8

// The kinds of figures, in the order of Container.Figures.
const (
	CPUUSec Kind = iota
	ThrottledUSec
	Memory
	MemoryMax
	Swap
	ReadBytes
	WriteBytes
	ReadOperations
	WriteOperations
	Tasks
	ReceiveBytes
	TransmitBytes
	kinds
)

// Kinds is a set of kinds of figures.
type Kinds uint16

// Of returns the set of some kinds.
func Of(list ...Kind) (set Kinds) {
	for _, k := range list {
		set |= 1 << k
	}
	return set
}

// All returns the kinds of a set, in their order.
func (set Kinds) All() (list []Kind) {
	for k := range kinds {
		if set&(1<<k) != 0 {
			list = append(list, k)
		}
	}
	return list
}

// Figures are those of a container. What the host does not count is absent.
type Figures struct {
	values [kinds]uint64
	known  [kinds]bool
}

// Put enters a figure.
func (f *Figures) Put(k Kind, value uint64) { f.values[k], f.known[k] = value, true }

// Get returns a figure, and whether it is known.
func (f *Figures) Get(k Kind) (uint64, bool) { return f.values[k], f.known[k] }

// Container is a container at one moment.
type Container struct {
	Name, UUID, State string
	ID                uint32 // 0 if it is off
	Figures           Figures
}

// on reports whether a container has a run.
func (c *Container) on() bool { return c.State != "shutoff" }

// Look is all that one look at the containers has seen.
type Look struct {
	NSec       int64  // when, on a clock that only runs forward
	Clock      string // the time of the day
	Containers []Container
}

// Host has what the shares of containers are counted of.
type Host struct {
	Architecture string
	CPUs         uint32
	MHz          uint32
	Memory       uint64 // bytes
}

// row is a container with its rates since the look before.
type row struct {
	Container
	rates [kinds]float64 // for each second
	rated [kinds]bool
}

// rows computes rates from two looks. A container that runs for the first time, or again, has none yet.
func rows(before, now *Look) []row {
	earlier := make(map[string]*Container, len(before.Containers))
	for i := range before.Containers {
		earlier[before.Containers[i].UUID] = &before.Containers[i]
	}
	seconds := float64(now.NSec-before.NSec) / 1e9
	list := make([]row, 0, len(now.Containers))
	for _, c := range now.Containers {
		r := row{Container: c}
		if was := earlier[c.UUID]; was != nil && was.ID == c.ID && c.ID != 0 && seconds > 0 {
			r.rate(&was.Figures, seconds)
		}
		list = append(list, r)
	}
	return list
}

func (r *row) rate(before *Figures, seconds float64) {
	for k := range kinds {
		old, known := before.Get(k)
		value, still := r.Figures.Get(k)
		// A counter that went back is of another life that has the same id.
		if known && still && value >= old {
			r.rates[k], r.rated[k] = float64(value-old)/seconds, true
		}
	}
}
