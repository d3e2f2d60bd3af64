package foreign

// Container is a container of another manager.
type Container struct {
	Name  string
	File  string // that defines it; for a tree of systemd-nspawn's without one, the tree
	Text  string // of the file
	Fault error  // why the file cannot be read

	Doubts []Doubt // who else can change the file

	Autostart bool
	Running   bool
	Notes     []Note // what is told besides

	// The rest is systemd-nspawn's.
	Root      string  // the directory or image
	Owner     *uint32 // of the directory
	Init      string  // the program there that would be booted
	Untrusted bool    // the file is beside the image
	DropIns   []DropIn
}

// DropIn is a file that changes the unit of a container. They are in the order in which systemd applies them.
type DropIn struct{ File, Text string }

// Note is something that is not taken over, and where it is. Line is 0 if it is about the whole.
type Note struct {
	File string
	Line int
	Text string
}

// Network is a network of libvirt's.
type Network struct {
	Name      string
	File      string
	Text      string
	Fault     error
	Doubts    []Doubt // who else can change the file
	Autostart bool
}

// Found is what there is of one manager.
type Found struct {
	Containers []Container
	Networks   []Network
	Notes      []Note // about the whole
}
